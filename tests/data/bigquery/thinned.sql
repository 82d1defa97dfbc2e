-- where instances were in trouble
),
marked AS (
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
)
-- Where instances died, or several slow requests ended in one together, in cells of ten seconds.
SELECT instance, DIV(ended, 10000000) AS cell, COUNTIF(slow) AS slow, COUNTIF(grave) AS grave, COUNT(*) AS entries
FROM marked
WHERE instance != 0
GROUP BY instance, cell
HAVING COUNTIF(grave) > 0 OR COUNTIF(slow) >= @least;

-- chosen rows
),
marked AS (
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
),
common AS (
-- Shapes that are common, and those of which there are so many that not even loud ones can all be kept.
SELECT shape, COUNT(*) >= @common AS common, COUNT(*) >= @throng AS throng
FROM marked
WHERE NOT whole
GROUP BY shape
HAVING COUNT(*) >= LEAST(@common, @throng)
),
edges AS (
-- When each kind of entry is first and last heard of: those are kept, so that no stream seems to begin late or end early.
SELECT kind, MIN(began) AS first, MAX(began) AS last, MAX(ended) AS ended
FROM marked
GROUP BY kind
),
crowded AS (
SELECT
  CAST(SPLIT(one, ' ')[OFFSET(0)] AS INT64) AS instance,
  CAST(SPLIT(one, ' ')[OFFSET(1)] AS INT64) AS cell,
  1 AS grave,
  0 AS slow
FROM UNNEST(@crowded) AS one
),
near AS (
-- Where nothing is thinned: on an instance from a minute before its death on, and before several slow requests
-- ended in it together, in cells of ten seconds. Silence and what was inside are read from there.
SELECT DISTINCT instance, cell - back AS cell
FROM crowded
CROSS JOIN UNNEST(GENERATE_ARRAY(-1, 6)) AS back
WHERE grave > 0 OR slow >= @together
),
judged AS (
-- Which entries may be represented by others. Those of rare shapes are of one kind, whatever they say.
SELECT
  m.key,
  m.began,
  m.ended,
  m.instance,
  m.kind,
  IF(COALESCE(c.common, FALSE), m.shape, 0) AS shape,
  NOT m.whole AND NOT (m.loud AND NOT COALESCE(c.throng, FALSE)) AND n.cell IS NULL
    AND NOT (m.began = e.first OR m.began = e.last OR m.ended = e.ended) AS sparse
FROM marked AS m
JOIN edges AS e ON m.kind = e.kind
LEFT JOIN common AS c ON m.shape = c.shape
LEFT JOIN near AS n ON m.instance = n.instance AND DIV(m.ended, 10000000) = n.cell
),
-- The finest cells with which about as many are kept as may be, or the coarsest there are.
counted AS (
SELECT
  @most - COUNTIF(NOT sparse) AS room,
  APPROX_COUNT_DISTINCT(IF(sparse, FARM_FINGERPRINT(CONCAT(CAST(kind AS STRING), ' ', CAST(shape AS STRING), ' ', CAST(instance AS STRING), ' ', CAST(IF(shape = 0, -1 - DIV(ended, 1000000), DIV(ended, 10000000)) AS STRING))), NULL)) AS c0,
  APPROX_COUNT_DISTINCT(IF(sparse, FARM_FINGERPRINT(CONCAT(CAST(kind AS STRING), ' ', CAST(shape AS STRING), ' ', CAST(instance AS STRING), ' ', CAST(IF(shape = 0, -1 - DIV(ended, 6000000), DIV(ended, 60000000)) AS STRING))), NULL)) AS c1,
  APPROX_COUNT_DISTINCT(IF(sparse, FARM_FINGERPRINT(CONCAT(CAST(kind AS STRING), ' ', CAST(shape AS STRING), ' ', CAST(IF(shape = 0, -1 - DIV(ended, 1000000), DIV(ended, 10000000)) AS STRING))), NULL)) AS c2,
  APPROX_COUNT_DISTINCT(IF(sparse, FARM_FINGERPRINT(CONCAT(CAST(kind AS STRING), ' ', CAST(shape AS STRING), ' ', CAST(IF(shape = 0, -1 - DIV(ended, 3000000), DIV(ended, 30000000)) AS STRING))), NULL)) AS c3,
  APPROX_COUNT_DISTINCT(IF(sparse, FARM_FINGERPRINT(CONCAT(CAST(kind AS STRING), ' ', CAST(shape AS STRING), ' ', CAST(IF(shape = 0, -1 - DIV(ended, 6000000), DIV(ended, 60000000)) AS STRING))), NULL)) AS c4,
  APPROX_COUNT_DISTINCT(IF(sparse, FARM_FINGERPRINT(CONCAT(CAST(kind AS STRING), ' ', CAST(shape AS STRING), ' ', CAST(instance AS STRING), ' ', CAST(IF(shape = 0, -1 - DIV(ended, 30000000), DIV(ended, 300000000)) AS STRING))), NULL)) AS c5,
  APPROX_COUNT_DISTINCT(IF(sparse, FARM_FINGERPRINT(CONCAT(CAST(kind AS STRING), ' ', CAST(shape AS STRING), ' ', CAST(IF(shape = 0, -1 - DIV(ended, 30000000), DIV(ended, 300000000)) AS STRING))), NULL)) AS c6,
  APPROX_COUNT_DISTINCT(IF(sparse, FARM_FINGERPRINT(CONCAT(CAST(kind AS STRING), ' ', CAST(shape AS STRING), ' ', CAST(IF(shape = 0, -1 - DIV(ended, 360000000), DIV(ended, 3600000000)) AS STRING))), NULL)) AS c7
FROM judged
),
cells AS (
SELECT
  CASE WHEN c0 <= room THEN 10000000 WHEN c1 <= room THEN 60000000 WHEN c2 <= room THEN 10000000 WHEN c3 <= room THEN 30000000 WHEN c4 <= room THEN 60000000 WHEN c5 <= room THEN 300000000 WHEN c6 <= room THEN 300000000 ELSE 3600000000 END AS cell_us,
  CASE WHEN c0 <= room THEN TRUE WHEN c1 <= room THEN TRUE WHEN c2 <= room THEN FALSE WHEN c3 <= room THEN FALSE WHEN c4 <= room THEN FALSE WHEN c5 <= room THEN TRUE WHEN c6 <= room THEN FALSE ELSE FALSE END AS by_instance
FROM counted
),
-- One entry for each stratum, and what is kept whole is a stratum of its own. Which one is drawn by a Lehmer generator
-- (Park & Miller 1988) from its time, so that it is the same each time and anywhere in the cell.
drawn AS (
SELECT
  *,
  IF(shape = 0, -1 - DIV(ended, DIV(cell_us, 10)), DIV(ended, cell_us)) AS cell,
  IF(by_instance, instance, 0) AS part,
  MOD(MOD(began, 2147483647) * 48271, 2147483647) * 2147483648 + (FARM_FINGERPRINT(COALESCE(key.insertId, '')) & 2147483647) AS lot
FROM judged
CROSS JOIN cells
),
kept AS (
SELECT
  ANY_VALUE(key HAVING MIN lot) AS key,
  COUNT(*) AS netra_weight,
  SUM(key.copies) AS netra_represented,
  DIV(ANY_VALUE(cell_us), 1000000) AS netra_cell_s,
  ANY_VALUE(by_instance) AS netra_by_instance
FROM drawn
GROUP BY sparse, kind, shape, cell, part, IF(sparse, 0, lot)
)
SELECT key.*, netra_weight, netra_represented, netra_cell_s, netra_by_instance
FROM kept;
