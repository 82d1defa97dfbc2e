-- When each revision of one service was first seen in any log, and its first entry.
SELECT revision, MIN(time) AS time, MIN_BY(id, time) AS id
FROM entries
WHERE service = @service AND revision != '' AND time >= @start AND time < @end
GROUP BY revision
ORDER BY time, revision
