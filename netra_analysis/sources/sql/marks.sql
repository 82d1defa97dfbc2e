-- What thinning looks at in each entry of `told`: whether it is kept whatever there is, and what it is like.
-- Times are microseconds since 1970. A fingerprint only says which entries are alike, so that any hash will do.
SELECT
  key,
  copy,
  began,
  ended,
  IF(instance = '', 0, FARM_FINGERPRINT(instance)) AS instance,
  whole,
  loud,
  request AND COALESCE(latency_s >= 1 AND status != 101, FALSE) AS slow,
  IF(system, REGEXP_CONTAINS(text, r'(?i)memory limit|signal|exit|terminated|liveness'), FALSE) AS grave,
  FARM_FINGERPRINT(shape) AS shape,
  FARM_FINGERPRINT(CONCAT(revision, ' ', what)) AS kind
FROM (
  SELECT
    *,
    CASE
      WHEN request THEN status IS NULL OR status >= 500 OR text != ''
      WHEN line THEN stack OR text = '' OR REGEXP_CONTAINS(
        text,
        r'^\s|^Traceback|^Caused by|^During handling|^The above exception|^(?:[\w$]+[.:])*[A-Z][\w$]*(?:Error|Exception|Timeout|Interrupt|Exit|Fault)\b'
      )
      ELSE TRUE
    END AS whole,
    (request AND (status >= 400 OR status = 101)) OR line AND (
      severity IN ('WARN', 'WARNING', 'ERROR', 'CRITICAL', 'FATAL', 'ALERT', 'EMERGENCY', '40', '50', '60')
      OR REGEXP_CONTAINS(
        text,
        r'(?i)error|exception|traceback|warn|critical|fatal|panic|fail|refused|denied|time[d ]*out|kill|memory|unavailable|unhandled|cannot|could not|abort|block|pool|websocket|startup|shut|" 5\d\d'
      )
    ) AS loud,
    -- What stands before the first number, and after it: in text the head of a line, in a URL its route. In steps
    -- without groups, which engines of regular expressions answer several times as fast.
    CONCAT(
      CAST(COALESCE(status, 0) AS STRING),
      COALESCE(REGEXP_EXTRACT(head, r'^[^0-9?]*'), ''),
      '#',
      COALESCE(REGEXP_EXTRACT(head, r'[^0-9?]*$'), '')
    ) AS shape,
    IF(
      request,
      CONCAT(
        method,
        CAST(COALESCE(status, 0) AS STRING),
        CASE
          WHEN latency_s < 0.1 THEN ' a ' WHEN latency_s < 0.3 THEN ' b ' WHEN latency_s < 1 THEN ' c '
          WHEN latency_s < 3 THEN ' d ' WHEN latency_s < 10 THEN ' e ' ELSE ' f '
        END,
        LEFT(agent, 12)
      ),
      CONCAT(log, ' ', severity)
    ) AS what
  FROM (
    SELECT
      *,
      COALESCE(
        REGEXP_EXTRACT(
          IF(log = 'run.googleapis.com/requests', url, text), r'^[^0-9?]*(?:[0-9][0-9.:,TZ/ -]*)?[^0-9?]*'
        ),
        ''
      ) AS head,
      log = 'run.googleapis.com/requests' AS request,
      log = 'run.googleapis.com/varlog/system' AS system,
      log NOT IN ('run.googleapis.com/requests', 'run.googleapis.com/varlog/system')
        AND NOT STARTS_WITH(log, 'cloudaudit.googleapis.com/') AND status IS NULL AS line,
      began + IF(log = 'run.googleapis.com/requests' AND latency_s >= 0 AND latency_s < 604800,
        CAST(ROUND(latency_s * 1000000) AS INT64), 0) AS ended
    FROM told
  )
)
