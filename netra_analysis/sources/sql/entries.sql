-- Each log entry once. Logging promises no de-duplication in exports; its own key is
-- (log, timestamp, insertId). Of equal keys the first to be received is kept.
SELECT * EXCEPT (copy)
FROM (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY log, time, id ORDER BY receive_time, severity, text, json) AS copy
  FROM raw_entries
)
WHERE copy = 1
