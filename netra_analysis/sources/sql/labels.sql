-- When each build of one service was first seen, by the labels that its deployment put on every entry.
SELECT
  COALESCE(
    JSON_VALUE(labels, '$."commit-sha"'), JSON_VALUE(labels, '$.commit_sha'), JSON_VALUE(labels, '$."git-sha"'),
    JSON_VALUE(labels, '$."gcb-build-id"'), JSON_VALUE(labels, '$.gcb_build_id'), JSON_VALUE(labels, '$.version'),
    JSON_VALUE(labels, '$."migration-run"'), JSON_VALUE(labels, '$.git_sha'), JSON_VALUE(labels, '$.migration_run')
  ) AS build,
  MIN(time) AS time,
  MIN_BY(id, time) AS id,
  MIN_BY(revision, time) AS revision
FROM entries
WHERE service = @service AND labels IS NOT NULL AND revision != '' AND time >= @start AND time < @end
GROUP BY build
ORDER BY time, build
