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

-- @end = 2025-09-02T18:30:00Z
-- @least = 3
-- @service = netra-backend
-- @start = 2025-09-02T09:00:00Z
WITH told AS (
SELECT
  0 AS key,
  0 AS copy,
  UNIX_MICROS(timestamp) AS began,
  'run.googleapis.com/requests' AS log,
  COALESCE(NULLIF(labels.instanceid, ''), '') AS instance,
  httpRequest.status AS status,
  CAST(httpRequest.latency AS FLOAT64) AS latency_s,
  IF('run.googleapis.com/requests' = 'run.googleapis.com/varlog/system', COALESCE(NULLIF(textPayload, ''), ''), '') AS text,
  '' AS severity,
  '' AS method,
  '' AS url,
  '' AS agent,
  '' AS revision,
  FALSE AS stack
FROM `my-project.run_logs.run_googleapis_com_requests`
WHERE timestamp >= @start AND timestamp < @end
  AND (resource.labels.service_name = @service);

-- @common = 10000
-- @crowded = ['17 175680000']
-- @end = 2025-09-02T18:30:00Z
-- @most = 50000
-- @service = netra-backend
-- @start = 2025-09-02T09:00:00Z
-- @throng = 1000
-- @together = 3
WITH told AS (
SELECT
  STRUCT(
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
  ) AS key,
  0 AS copy,
  UNIX_MICROS(timestamp) AS began,
  'run.googleapis.com/requests' AS log,
  COALESCE(NULLIF(labels.instanceid, ''), '') AS instance,
  httpRequest.status AS status,
  CAST(httpRequest.latency AS FLOAT64) AS latency_s,
  COALESCE(NULLIF(textPayload, ''), '') AS text,
  COALESCE(NULLIF(NULLIF(severity, ''), 'DEFAULT'), '') AS severity,
  COALESCE(NULLIF(httpRequest.requestMethod, ''), '') AS method,
  COALESCE(NULLIF(httpRequest.requestUrl, ''), '') AS url,
  COALESCE(NULLIF(httpRequest.userAgent, ''), '') AS agent,
  COALESCE(NULLIF(resource.labels.revision_name, ''), '') AS revision,
  FALSE AS stack
FROM `my-project.run_logs.run_googleapis_com_requests`
WHERE timestamp >= @start AND timestamp < @end
  AND (resource.labels.service_name = @service)
QUALIFY ROW_NUMBER() OVER (PARTITION BY logName, timestamp, insertId ORDER BY receiveTimestamp) = 1;
