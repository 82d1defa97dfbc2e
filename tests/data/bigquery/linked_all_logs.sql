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
