-- The keys of log entries that are there more than once; Logging promises no de-duplication in exports.
SELECT log, time, id
FROM raw_keys
GROUP BY log, time, id
HAVING COUNT(*) > 1
ORDER BY log, time, id
