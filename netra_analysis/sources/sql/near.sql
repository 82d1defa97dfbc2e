-- Where nothing is thinned: on an instance from a minute before its death on, and before several slow requests
-- ended in it together, in cells of ten seconds. Silence and what was inside are read from there.
SELECT DISTINCT instance, cell - back AS cell
FROM crowded
CROSS JOIN UNNEST(GENERATE_ARRAY(-1, 6)) AS back
WHERE grave > 0 OR slow >= @together
