-- @end = 2025-09-02T18:30:00Z
-- @start = 2025-09-02T09:00:00Z
SELECT
  COALESCE(resource.labels.service_name, '') AS service,
  COUNT(*) AS entries,
  MIN(timestamp) AS first,
  MAX(timestamp) AS last
FROM `my-project.run_logs.run_googleapis_com_requests`
WHERE timestamp >= @start AND timestamp < @end
GROUP BY service;

-- @end = 2025-09-02T18:30:00Z
-- @service = netra-backend
-- @start = 2025-09-02T09:00:00Z
SELECT
  logName,
  insertId,
  timestamp,
  receiveTimestamp,
  severity,
  textPayload,
  trace,
  spanId,
  STRUCT(resource.type, STRUCT(resource.labels.service_name, resource.labels.revision_name, resource.labels.project_id, resource.labels.location) AS labels) AS resource,
  labels,
  errorGroups,
  STRUCT(httpRequest.requestMethod, httpRequest.requestUrl, httpRequest.status, httpRequest.latency, httpRequest.userAgent, httpRequest.remoteIp, httpRequest.requestSize, httpRequest.responseSize) AS httpRequest,
  COUNT(*) OVER (PARTITION BY logName, timestamp, insertId) AS copies
FROM `my-project.run_logs.run_googleapis_com_requests`
WHERE timestamp >= @start AND timestamp < @end
  AND (resource.labels.service_name = @service)
QUALIFY ROW_NUMBER() OVER (PARTITION BY logName, timestamp, insertId ORDER BY receiveTimestamp) = 1;
