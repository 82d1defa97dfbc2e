"""Names of BigQuery's things. They cannot be bound as parameters, so each is checked before it meets SQL."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from netra_analysis.errors import SourceError

_PROJECT: Final = re.compile(r"(?:[a-z0-9][a-z0-9.-]{0,61}:)?[a-z][a-z0-9-]{1,61}[a-z0-9]", re.ASCII)
_DATASET: Final = re.compile(r"[A-Za-z0-9_]{1,1024}", re.ASCII)
_TABLE: Final = re.compile(r"[A-Za-z0-9_-]{1,1024}", re.ASCII)
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SHARD: Final = re.compile(r"(.+)_(\d{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset, by names that are safe to write into SQL."""

    project: str
    name: str

    def __str__(self) -> str:
        return f"{self.project}.{self.name}"

    def table(self, name: str) -> str:
        """The table as FROM names it."""
        if not is_table(name):
            raise SourceError(f"the table {name!r} of {self} has a name that this package does not write into SQL")
        return f"`{self.project}.{self.name}.{name}`"


def dataset(place: str) -> Dataset:
    """`PROJECT.DATASET`, checked; a project may hold dots before a colon (example.com:project)."""
    project, _, name = place.rpartition(".")
    if not _PROJECT.fullmatch(project) or not _DATASET.fullmatch(name):
        raise SourceError(
            f"source 'bigquery:{place}' names no dataset; write bigquery:PROJECT.DATASET, such as "
            "bigquery:my-project.run_logs"
        )
    return Dataset(project, name)


def is_table(name: str) -> bool:
    return _TABLE.fullmatch(name) is not None


def is_column(name: str) -> bool:
    """Whether a column or member can be written as it stands; no other is ever selected."""
    return _PLAIN.fullmatch(name) is not None


def shard(name: str) -> tuple[str, date | None]:
    """`run_googleapis_com_stdout_20250902` as its base and its day; no day where there is none."""
    found = _SHARD.fullmatch(name)
    if not found:
        return name, None
    try:
        return found[1], datetime.strptime(found[2], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return name, None


def log_of(base: str) -> str:
    """The log id that a sink's table is named after: `run_googleapis_com_varlog_system` has lost its slashes."""
    owner, found, log = base.partition("_googleapis_com_")
    return f"{owner}.googleapis.com/{log.replace('varlog_', 'varlog/')}" if found else base
