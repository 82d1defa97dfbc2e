-- Signs that a pull was filtered, cut or skewed, over one service's own log entries.
SELECT
  COUNTIF(app) AS app_lines,
  COUNTIF(app AND severity IN ('DEFAULT', 'DEBUG', 'INFO', 'NOTICE', '')) AS quiet_lines,
  COUNTIF(app AND severity IN ('WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY')) AS loud_lines,
  COUNTIF(app AND ENDS_WITH(TRIM(COALESCE(text, '')), '...') AND LENGTH(text) >= 100) AS cut_lines,
  MAX(IF(app, LENGTH(text), NULL)) AS longest,
  COUNTIF(app AND receive_time IS NOT NULL AND receive_time < TIMESTAMP_SUB(time, INTERVAL 1000000 MICROSECOND)) AS early,
  COUNTIF(app AND receive_time IS NOT NULL
    AND receive_time > TIMESTAMP_ADD(time, INTERVAL 300000000 MICROSECOND)) AS late,
  COUNTIF(app AND receive_time IS NOT NULL) AS received,
  COUNTIF(instance = '' AND app) AS without_instance
FROM (
  SELECT
    *,
    log NOT IN ('run.googleapis.com/requests', 'run.googleapis.com/varlog/system')
      AND NOT STARTS_WITH(log, 'cloudaudit.googleapis.com/') AND status IS NULL AND audit IS NULL AS app
  FROM entries
  WHERE service = @service
)
