-- Shapes that are common, and those of which there are so many that not even loud ones can all be kept.
SELECT shape, COUNT(*) >= @common AS common, COUNT(*) >= @throng AS throng
FROM marked
WHERE NOT whole
GROUP BY shape
HAVING COUNT(*) >= LEAST(@common, @throng)
