-- Where nothing is thinned: on an instance from a minute before its death on, and before several slow requests
-- ended in it together, in cells of ten seconds. Silence and what was inside are read from there.
SELECT DISTINCT instance, cell - back AS cell
FROM (
  SELECT instance, DIV(ended, 10000000) AS cell
  FROM marked
  WHERE instance != 0 AND (slow OR grave)
  GROUP BY instance, cell
  HAVING COUNTIF(grave) > 0 OR COUNTIF(slow) >= @together
)
CROSS JOIN UNNEST(GENERATE_ARRAY(-1, 6)) AS back
