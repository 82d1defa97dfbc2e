-- When each kind of entry is first and last heard of: those are kept, so that no stream seems to begin late or end early.
SELECT kind, MIN(began) AS first, MAX(began) AS last, MAX(ended) AS ended
FROM marked
GROUP BY kind
