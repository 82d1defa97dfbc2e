-- The platform's own words about one service's instances.
SELECT time, id, revision, instance, COALESCE(text, JSON_VALUE(json, '$.message'), '') AS text
FROM entries
WHERE service = @service
  AND time >= @start
  AND time < @end
  AND log = 'run.googleapis.com/varlog/system'
ORDER BY time, instance, id
