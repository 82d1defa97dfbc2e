-- Requests of one service that ended in [@start, @end). An entry carries the START of its request, so
-- starts are looked for @timeout_us earlier and the end is what counts.
SELECT * FROM (
  SELECT
    time,
    TIMESTAMP_ADD(time, INTERVAL CAST(ROUND(COALESCE(latency_s, 0) * 1000000) AS INT64) MICROSECOND) AS end_time,
    id,
    revision,
    instance,
    UPPER(COALESCE(method, '')) AS method,
    COALESCE(REGEXP_EXTRACT(url, r'^(?:[a-z]+://[^/?#]+)?(/[^?#]*)'), '/') AS path,
    IF(status BETWEEN 100 AND 599, status, NULL) AS status,
    latency_s,
    user_agent,
    trace,
    text AS platform_text,
    weight
  -- a status or a latency that cannot be one is not known
  FROM (
    SELECT * EXCEPT (latency_s), IF(latency_s >= 0 AND latency_s < 604800, latency_s, NULL) AS latency_s
    FROM entries
  )
  WHERE service = @service
    AND log = 'run.googleapis.com/requests'
    AND time >= TIMESTAMP_SUB(@start, INTERVAL @timeout_us MICROSECOND)
    AND time < @end
)
WHERE end_time >= @start AND end_time < @end
ORDER BY time, instance, id
