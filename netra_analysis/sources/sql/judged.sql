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
