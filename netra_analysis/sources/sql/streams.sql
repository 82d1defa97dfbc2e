-- What there is of one service, by log: rows, and the first and last time.
SELECT
  CASE WHEN log = '' THEN 'unknown' ELSE log END AS stream,
  SUM(weight) AS entries,
  MIN(time) AS first,
  MAX(time) AS last
FROM entries
WHERE service = @service
GROUP BY stream
ORDER BY stream
