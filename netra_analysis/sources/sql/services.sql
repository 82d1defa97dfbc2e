-- Every service in the export and how many entries it has.
SELECT service, SUM(weight) AS entries
FROM entries
GROUP BY service
ORDER BY entries DESC, service
