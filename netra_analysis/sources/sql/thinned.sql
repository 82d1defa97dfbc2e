-- One entry for each stratum (what is alike, in one cell of time), and how many it stands for. Which one is drawn
-- by a Lehmer generator (Park & Miller 1988) from its time, so that it is the same each time and anywhere in the cell.
-- What is rare has cells a tenth as long.
SELECT
  MOD(MIN(MOD(MOD(began, 2147483647) * 48271, 2147483647) * 2147483648 + key), 2147483648) AS key,
  COUNT(*) AS weight
FROM (
  SELECT
    *,
    IF(shape = 0, -1 - DIV(ended, DIV(@cell_us, 10)), DIV(ended, @cell_us)) AS cell,
    IF(@by_instance, instance, 0) AS part
  FROM judged
  WHERE sparse
)
GROUP BY kind, shape, cell, part
