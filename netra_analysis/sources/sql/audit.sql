-- Changes of one service: who asked (activity) and when it was ready (system_event). A service-level entry
-- names no revision in its labels, and some exports lose the service label: the resource name tells.
SELECT
  time,
  id,
  log,
  severity,
  revision,
  COALESCE(JSON_VALUE(audit, '$.methodName'), '') AS method_name,
  COALESCE(JSON_VALUE(audit, '$.resourceName'), '') AS resource_name,
  COALESCE(JSON_VALUE(audit, '$.status.message'), '') AS status_text,
  SAFE_CAST(JSON_VALUE(audit, '$.status.code') AS INT64) AS status_code,
  COALESCE(JSON_VALUE(audit, '$.response.status.latestCreatedRevisionName'), '') AS created_revision
FROM entries
WHERE time >= @start
  AND time < @end
  AND STARTS_WITH(log, 'cloudaudit.googleapis.com/')
  AND audit IS NOT NULL
  AND (
    service = @service
    OR REGEXP_CONTAINS(JSON_VALUE(audit, '$.resourceName'), CONCAT(r'/(?:services|revisions)/', @service, r'(?:-[0-9]{5}-[a-z0-9]{3})?$'))
  )
ORDER BY time, id
