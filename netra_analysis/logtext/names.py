"""Names of a payload's fields, as a BigQuery sink stores them.

A sink writes every name of the service's own in lower case and without special characters, so `loggerName` and
`log.level` come back as `loggername` and `log_level`. What is read from a payload must not depend on the way it
came, so every payload is read under these names.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

_SPECIAL: Final = re.compile(r"[^a-z0-9_]", re.ASCII)


@lru_cache(maxsize=4096)
def stored_name(name: str) -> str:
    return _SPECIAL.sub("_", name.lower()).lstrip("_")


def stored(value: Any) -> Any:
    """`value` with the names of all its fields as stored; of two that become one, the first keeps its place."""
    if isinstance(value, list):
        return [stored(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    made: dict[str, Any] = {}
    for name, item in value.items():
        made.setdefault(stored_name(name), stored(item))
    return made
