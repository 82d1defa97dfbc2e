-- What the containers of one service wrote: stdout, stderr and logs of their own. An entry whose log id the
-- export lost counts as application output when it has a payload and no request.
SELECT
  time,
  id,
  revision,
  instance,
  REGEXP_EXTRACT(log, r'([^/]*)$') AS stream,
  severity,
  text,
  json,
  trace,
  weight
FROM entries
WHERE service = @service
  AND time >= @start
  AND time < @end
  AND log NOT IN ('run.googleapis.com/requests', 'run.googleapis.com/varlog/system')
  AND NOT STARTS_WITH(log, 'cloudaudit.googleapis.com/')
  AND status IS NULL
  AND audit IS NULL
  AND (text IS NOT NULL OR json IS NOT NULL)
ORDER BY time, instance, id
