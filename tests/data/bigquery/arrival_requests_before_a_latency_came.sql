-- @end = 2025-09-02T18:30:00Z
-- @from_day = 2025-09-02T00:00:00Z
-- @start = 2025-09-02T09:00:00Z
-- @to_day = 2025-09-04T18:30:00Z
SELECT
  COALESCE(resource.labels.service_name, '') AS service,
  COUNT(*) AS entries,
  MIN(timestamp) AS first,
  MAX(timestamp) AS last
FROM `my-project.run_logs.run_googleapis_com_requests`
WHERE timestamp >= @start AND timestamp < @end
  AND (_PARTITIONTIME >= @from_day AND _PARTITIONTIME < @to_day OR _PARTITIONTIME IS NULL)
GROUP BY service;

-- @end = 2025-09-02T18:30:00Z
-- @from_day = 2025-09-02T00:00:00Z
-- @service = netra-backend
-- @start = 2025-09-02T09:00:00Z
-- @to_day = 2025-09-04T18:30:00Z
SELECT
  logName,
  insertId,
  timestamp,
  receiveTimestamp,
  severity,
  STRUCT(resource.type, STRUCT(resource.labels.service_name, resource.labels.revision_name, resource.labels.project_id, resource.labels.location) AS labels) AS resource,
  STRUCT(httpRequest.requestMethod, httpRequest.requestUrl, httpRequest.status) AS httpRequest,
  COUNT(*) OVER (PARTITION BY logName, timestamp, insertId) AS copies
FROM `my-project.run_logs.run_googleapis_com_requests`
WHERE timestamp >= @start AND timestamp < @end
  AND (_PARTITIONTIME >= @from_day AND _PARTITIONTIME < @to_day OR _PARTITIONTIME IS NULL)
  AND (resource.labels.service_name = @service)
QUALIFY ROW_NUMBER() OVER (PARTITION BY logName, timestamp, insertId ORDER BY receiveTimestamp) = 1;
