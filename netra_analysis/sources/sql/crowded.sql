-- Where instances died, or several slow requests ended in one together, in cells of ten seconds.
SELECT instance, DIV(ended, 10000000) AS cell, COUNTIF(slow) AS slow, COUNTIF(grave) AS grave, COUNT(*) AS entries
FROM marked
WHERE instance != 0
GROUP BY instance, cell
HAVING COUNTIF(grave) > 0 OR COUNTIF(slow) >= @least
