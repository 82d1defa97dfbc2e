-- Signs that a pull was filtered, cut or skewed, over one service's own log entries.
SELECT
  COALESCE(SUM(IF(app, weight, 0)), 0) AS app_lines,
  COALESCE(SUM(IF(app AND severity IN ('DEFAULT', 'DEBUG', 'INFO', 'NOTICE', ''), weight, 0)), 0) AS quiet_lines,
  COALESCE(SUM(IF(app AND severity IN ('WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY'), weight, 0)), 0) AS loud_lines,
  COUNTIF(app AND ENDS_WITH(TRIM(COALESCE(text, '')), '...') AND LENGTH(text) >= 100) AS cut_lines,
  MAX(IF(app, LENGTH(text), NULL)) AS longest,
  COALESCE(SUM(IF(app AND receive_time IS NOT NULL AND receive_time < TIMESTAMP_SUB(time, INTERVAL 1000000 MICROSECOND), weight, 0)), 0) AS early,
  COALESCE(SUM(IF(app AND receive_time IS NOT NULL
    AND receive_time > TIMESTAMP_ADD(time, INTERVAL 300000000 MICROSECOND), weight, 0)), 0) AS late,
  COALESCE(SUM(IF(app AND receive_time IS NOT NULL, weight, 0)), 0) AS received,
  COALESCE(SUM(IF(instance = '' AND app, weight, 0)), 0) AS without_instance
FROM (
  SELECT
    *,
    log NOT IN ('run.googleapis.com/requests', 'run.googleapis.com/varlog/system')
      AND NOT STARTS_WITH(log, 'cloudaudit.googleapis.com/') AND status IS NULL AND audit IS NULL AS app
  FROM entries
  WHERE service = @service
)
