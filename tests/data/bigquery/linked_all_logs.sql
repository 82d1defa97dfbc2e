-- @end = 2025-09-02T18:30:00Z
-- @start = 2025-09-02T09:00:00Z
SELECT
  COALESCE(JSON_VALUE(resource.labels, '$.service_name'), '') AS service,
  log_id AS log,
  COUNT(*) AS entries,
  MIN(timestamp) AS first,
  MAX(timestamp) AS last
FROM `my-project.linked_logs._AllLogs`
WHERE timestamp >= @start AND timestamp < @end
GROUP BY service, log;

-- @end = 2025-09-02T18:30:00Z
-- @resource_pattern = /(?:services|revisions)/netra-backend(?:-[0-9]{5}-[a-z0-9]{3})?$
-- @service = netra-backend
-- @start = 2025-09-02T09:00:00Z
SELECT
  log_name,
  log_id,
  insert_id,
  timestamp,
  receive_timestamp,
  severity,
  text_payload,
  trace,
  span_id,
  STRUCT(resource.type, resource.labels) AS resource,
  labels,
  json_payload,
  proto_payload,
  STRUCT(http_request.request_method, http_request.request_url, http_request.status, http_request.latency, http_request.user_agent, http_request.remote_ip, http_request.request_size, http_request.response_size) AS http_request,
  COUNT(*) OVER (PARTITION BY log_name, log_id, timestamp, insert_id) AS copies
FROM `my-project.linked_logs._AllLogs`
WHERE timestamp >= @start AND timestamp < @end
  AND (JSON_VALUE(resource.labels, '$.service_name') = @service OR REGEXP_CONTAINS(proto_payload.audit_log.resource_name, @resource_pattern))
QUALIFY ROW_NUMBER() OVER (PARTITION BY log_name, log_id, timestamp, insert_id ORDER BY receive_timestamp) = 1;

-- @end = 2025-09-02T18:30:00Z
-- @least = 3
-- @resource_pattern = /(?:services|revisions)/netra-backend(?:-[0-9]{5}-[a-z0-9]{3})?$
-- @service = netra-backend
-- @start = 2025-09-02T09:00:00Z
WITH told AS (
SELECT
  0 AS key,
  0 AS copy,
  UNIX_MICROS(timestamp) AS began,
  COALESCE(log_id, '') AS log,
  COALESCE(NULLIF(JSON_VALUE(labels, '$.instanceId'), ''), NULLIF(JSON_VALUE(labels, '$.instanceid'), ''), NULLIF(JSON_VALUE(labels, '$.instance_id'), ''), NULLIF(JSON_VALUE(labels, '$."run.googleapis.com/instance_id"'), ''), '') AS instance,
  http_request.status AS status,
  IF(http_request.latency IS NULL, NULL, COALESCE(http_request.latency.seconds, 0) + COALESCE(http_request.latency.nanos, 0) / 1e9) AS latency_s,
  IF(COALESCE(log_id, '') = 'run.googleapis.com/varlog/system', COALESCE(NULLIF(text_payload, ''), ''), '') AS text,
  '' AS severity,
  '' AS method,
  '' AS url,
  '' AS agent,
  '' AS revision,
  FALSE AS stack
FROM `my-project.linked_logs._AllLogs`
WHERE timestamp >= @start AND timestamp < @end
  AND (JSON_VALUE(resource.labels, '$.service_name') = @service OR REGEXP_CONTAINS(proto_payload.audit_log.resource_name, @resource_pattern));

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
    log_name,
    log_id,
    insert_id,
    timestamp,
    receive_timestamp,
    severity,
    text_payload,
    trace,
    span_id,
    STRUCT(resource.type, resource.labels) AS resource,
    labels,
    json_payload,
    proto_payload,
    STRUCT(http_request.request_method, http_request.request_url, http_request.status, http_request.latency, http_request.user_agent, http_request.remote_ip, http_request.request_size, http_request.response_size) AS http_request,
    COUNT(*) OVER (PARTITION BY log_name, log_id, timestamp, insert_id) AS copies
  ) AS key,
  0 AS copy,
  UNIX_MICROS(timestamp) AS began,
  COALESCE(log_id, '') AS log,
  COALESCE(NULLIF(JSON_VALUE(labels, '$.instanceId'), ''), NULLIF(JSON_VALUE(labels, '$.instanceid'), ''), NULLIF(JSON_VALUE(labels, '$.instance_id'), ''), NULLIF(JSON_VALUE(labels, '$."run.googleapis.com/instance_id"'), ''), '') AS instance,
  http_request.status AS status,
  IF(http_request.latency IS NULL, NULL, COALESCE(http_request.latency.seconds, 0) + COALESCE(http_request.latency.nanos, 0) / 1e9) AS latency_s,
  COALESCE(NULLIF(text_payload, ''), NULLIF(JSON_VALUE(json_payload, '$.message'), ''), NULLIF(JSON_VALUE(json_payload, '$.msg'), ''), NULLIF(JSON_VALUE(json_payload, '$.textPayload'), ''), NULLIF(JSON_VALUE(json_payload, '$.textpayload'), ''), NULLIF(JSON_VALUE(json_payload, '$.text'), ''), NULLIF(JSON_VALUE(json_payload, '$.event'), ''), NULLIF(JSON_VALUE(json_payload, '$.log'), ''), NULLIF(JSON_VALUE(json_payload, '$.full_message'), ''), NULLIF(JSON_VALUE(json_payload, '$.short_message'), ''), NULLIF(JSON_VALUE(json_payload, '$.m'), ''), NULLIF(JSON_VALUE(json_payload, '$.mt'), ''), TO_JSON_STRING(json_payload), '') AS text,
  COALESCE(NULLIF(NULLIF(severity, ''), 'DEFAULT'), UPPER(NULLIF(JSON_VALUE(json_payload, '$.severity'), '')), UPPER(NULLIF(JSON_VALUE(json_payload, '$.level'), '')), UPPER(NULLIF(JSON_VALUE(json_payload, '$.levelname'), '')), UPPER(NULLIF(JSON_VALUE(json_payload, '$."log.level"'), '')), UPPER(NULLIF(JSON_VALUE(json_payload, '$.log_level'), '')), UPPER(NULLIF(JSON_VALUE(json_payload, '$.lvl'), '')), UPPER(NULLIF(JSON_VALUE(json_payload, '$.loglevel'), '')), UPPER(NULLIF(JSON_VALUE(json_payload, '$.level_name'), '')), UPPER(NULLIF(JSON_VALUE(json_payload, '$.l'), '')), '') AS severity,
  COALESCE(NULLIF(http_request.request_method, ''), '') AS method,
  COALESCE(NULLIF(http_request.request_url, ''), '') AS url,
  COALESCE(NULLIF(http_request.user_agent, ''), '') AS agent,
  COALESCE(NULLIF(JSON_VALUE(resource.labels, '$.revision_name'), ''), '') AS revision,
  (COALESCE(LOWER(JSON_TYPE(JSON_QUERY(json_payload, '$.exception'))), 'null') != 'null' OR COALESCE(LOWER(JSON_TYPE(JSON_QUERY(json_payload, '$.exc_info'))), 'null') != 'null' OR COALESCE(LOWER(JSON_TYPE(JSON_QUERY(json_payload, '$.stack_trace'))), 'null') != 'null' OR COALESCE(LOWER(JSON_TYPE(JSON_QUERY(json_payload, '$.stacktrace'))), 'null') != 'null' OR COALESCE(LOWER(JSON_TYPE(JSON_QUERY(json_payload, '$.stack'))), 'null') != 'null' OR COALESCE(LOWER(JSON_TYPE(JSON_QUERY(json_payload, '$.traceback'))), 'null') != 'null' OR COALESCE(LOWER(JSON_TYPE(JSON_QUERY(json_payload, '$.exc_text'))), 'null') != 'null' OR COALESCE(LOWER(JSON_TYPE(JSON_QUERY(json_payload, '$.error'))), 'null') != 'null' OR COALESCE(LOWER(JSON_TYPE(JSON_QUERY(json_payload, '$.err'))), 'null') != 'null' OR COALESCE(LOWER(JSON_TYPE(JSON_QUERY(json_payload, '$.x'))), 'null') != 'null') AS stack
FROM `my-project.linked_logs._AllLogs`
WHERE timestamp >= @start AND timestamp < @end
  AND (JSON_VALUE(resource.labels, '$.service_name') = @service OR REGEXP_CONTAINS(proto_payload.audit_log.resource_name, @resource_pattern))
QUALIFY ROW_NUMBER() OVER (PARTITION BY log_name, log_id, timestamp, insert_id ORDER BY receive_timestamp) = 1;
