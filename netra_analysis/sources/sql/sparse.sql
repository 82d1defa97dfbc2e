-- The entries that may be represented by others. Those of rare shapes are of one kind, whatever they say.
SELECT m.key, m.began, m.ended, m.instance, m.kind, IF(COALESCE(c.common, FALSE), m.shape, 0) AS shape
FROM marked AS m
LEFT JOIN common AS c ON m.shape = c.shape
LEFT JOIN near AS n ON m.instance = n.instance AND DIV(m.ended, 10000000) = n.cell
WHERE NOT m.whole AND NOT (m.loud AND NOT COALESCE(c.throng, FALSE)) AND n.cell IS NULL
