-- @end = 2025-09-02T18:30:00Z
-- @start = 2025-09-02T09:00:00Z
SELECT
  COALESCE(resource.labels.service_name, '') AS service,
  COUNT(*) AS entries,
  MIN(timestamp) AS first,
  MAX(timestamp) AS last
FROM `my-project.run_logs.cloudaudit_googleapis_com_system_event`
WHERE timestamp >= @start AND timestamp < @end
GROUP BY service;

-- @end = 2025-09-02T18:30:00Z
-- @resource_pattern = /(?:services|revisions)/netra-backend(?:-[0-9]{5}-[a-z0-9]{3})?$
-- @service = netra-backend
-- @start = 2025-09-02T09:00:00Z
SELECT
  logName,
  insertId,
  timestamp,
  receiveTimestamp,
  severity,
  STRUCT(resource.type, STRUCT(resource.labels.service_name, resource.labels.revision_name, resource.labels.project_id, resource.labels.location) AS labels) AS resource,
  protopayload_auditlog,
  COUNT(*) OVER (PARTITION BY logName, timestamp, insertId) AS copies
FROM `my-project.run_logs.cloudaudit_googleapis_com_system_event`
WHERE timestamp >= @start AND timestamp < @end
  AND (resource.labels.service_name = @service OR REGEXP_CONTAINS(protopayload_auditlog.resourceName, @resource_pattern))
QUALIFY ROW_NUMBER() OVER (PARTITION BY logName, timestamp, insertId ORDER BY receiveTimestamp) = 1;

-- @common = 10000
-- @crowded = ['17 175680000']
-- @end = 2025-09-02T18:30:00Z
-- @most = 50000
-- @resource_pattern = /(?:services|revisions)/netra-backend(?:-[0-9]{5}-[a-z0-9]{3})?$
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
    STRUCT(resource.type, STRUCT(resource.labels.service_name, resource.labels.revision_name, resource.labels.project_id, resource.labels.location) AS labels) AS resource,
    protopayload_auditlog,
    COUNT(*) OVER (PARTITION BY logName, timestamp, insertId) AS copies
  ) AS key,
  0 AS copy,
  UNIX_MICROS(timestamp) AS began,
  'cloudaudit.googleapis.com/system_event' AS log,
  '' AS instance,
  CAST(NULL AS INT64) AS status,
  CAST(NULL AS FLOAT64) AS latency_s,
  '' AS text,
  COALESCE(NULLIF(NULLIF(severity, ''), 'DEFAULT'), '') AS severity,
  '' AS method,
  '' AS url,
  '' AS agent,
  COALESCE(NULLIF(resource.labels.revision_name, ''), '') AS revision,
  FALSE AS stack
FROM `my-project.run_logs.cloudaudit_googleapis_com_system_event`
WHERE timestamp >= @start AND timestamp < @end
  AND (resource.labels.service_name = @service OR REGEXP_CONTAINS(protopayload_auditlog.resourceName, @resource_pattern))
QUALIFY ROW_NUMBER() OVER (PARTITION BY logName, timestamp, insertId ORDER BY receiveTimestamp) = 1;
