"""The Cloud Logging API as a source: for windows without a sink, page by page within the project's read quota.

Entries come as the JSON that exports hold, so they are read by the same code. Each page is kept as soon as it
is there: a reading that was cut off goes on where it ended.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.errors import SourceError
from netra_analysis.params import Params
from netra_analysis.sources import cloud
from netra_analysis.sources.cache import Cache, settled
from netra_analysis.sources.pace import Pace, persistent
from netra_analysis.sources.pulled import Pulled, Survey
from netra_analysis.sources.reading import FileNote
from netra_analysis.sources.reading.intake import Intake
from netra_analysis.sources.reading.jsonvalue import as_decoded
from netra_analysis.sources.reading.value import Value
from netra_analysis.window import TimeWindow, stamp

PAGE: Final = 1000  # entries; the most that the API gives at once
PER_MINUTE: Final = 50  # of the 60 reads a minute that a project has: others read, too
# What a survey lets over the wire of an entry: where and when it was written, and nothing of what it says.
_LABELS: Final = "entries(logName,timestamp,insertId,resource),nextPageToken"
Say = Callable[[str], None]
Clean = Callable[[Pulled], Pulled]


@dataclass(frozen=True, slots=True, eq=False)
class LogReading:
    """One reading of a project's logs: what will be asked, and the pages that are kept of it."""

    params: Params
    project: str
    api: Any
    kept: Cache
    name: str
    pace: Pace = field(default_factory=lambda: Pace(PER_MINUTE, PER_MINUTE // 2))

    def pull(
        self, clean: Clean, check: Callable[[int], None], progress: Callable[[str, int], None], say: Say
    ) -> Pulled:
        """Every entry of the service; `clean` redacts a page before it is kept, `check` is told how many there are."""
        pages: list[Pulled] = []
        for page in self._pages(clean, say):
            pages.append(page)
            read = sum(one.read for one in pages)
            check(read)
            progress(f"logging:{self.project}", read)
            if page.token:
                say(f"logging: {self._outlook(pages)}")
        if not settled(self.params.reach.end):
            self._forget(len(pages))
        whole = _joined(pages, self.project)
        if not whole.entries.num_rows:
            raise self._nothing()
        return whole

    def survey(self, say: Say) -> Survey:
        """When entries of the first page were written and to which log, and what the rest amounts to; no payload.

        The Logging API costs time and no money, and counts nothing.
        """
        first = self._page("", lambda page: page, say, only=_LABELS)
        if not first.entries.num_rows:
            raise self._nothing()
        counted = first.entries.group_by(["service", "log"]).aggregate(
            [("time", each) for each in ("count", "min", "max")]
        )
        streams = counted.rename_columns(["service", "log", "entries", "first", "last"]).to_pylist()
        told = (f"only the first page was looked at; {self._outlook([first])}",) if first.token else ()
        return Survey((), tuple(streams), {self.params.service: first.read}, told)

    def _pages(self, clean: Clean, say: Say) -> Iterator[Pulled]:
        token, number = "", 0
        while number == 0 or token:
            page = self.kept.get(f"{self.name}-{number:05d}")
            if page is None:
                page = self._page(token, clean, say)
                self.kept.put(f"{self.name}-{number:05d}", page)
            yield page
            token, number = page.token, number + 1

    def _page(self, token: str, clean: Clean, say: Say, only: str = "") -> Pulled:
        """One page; with `only`, no more of it than these fields comes over."""
        body = {
            "resourceNames": [f"projects/{self.project}"],
            "filter": filter_of(self.params.service, self.params.reach),
            "orderBy": "timestamp asc",
            "pageSize": PAGE,
            **({"pageToken": token} if token else {}),
        }
        fields = {"fields": only} if only else {}
        ask = lambda: self.api.api_request(  # noqa: E731
            method="POST", path="/entries:list", query_params=fields, data=body
        )
        answer = persistent(ask, f"reading the log entries of {self.project}", "logging", self.pace, say)
        intake = Intake(str, lambda _name, _count: None)
        given = enumerate(answer.get("entries", ()), 1)
        intake.take(f"logging:{self.project}", (Value(i, as_decoded(one)) for i, one in given))
        entries, quarantine = intake.tables()
        told = tuple(f"{count} {sentence}" for sentence, count in sorted(intake.tally.items()) if count)
        page = Pulled(entries, quarantine, (), intake.read, told, token=answer.get("nextPageToken", ""))
        return clean(page)

    def _outlook(self, pages: list[Pulled]) -> str:
        """How far it came and how long the rest takes, were it as dense; pages may be empty on the way."""
        read, reach = sum(page.read for page in pages), self.params.reach
        last = max((pc.max(page.entries["time"]).as_py() for page in pages if page.entries.num_rows), default=None)
        if last is None or last <= reach.start:
            return f"{read:,} entries"
        left = len(pages) * (reach.end - last) / (last - reach.start)
        minutes = max(1, math.ceil(left / PER_MINUTE))
        all_ = f"about {round(read + left * PAGE, -3):,} in all"
        return f"{read:,} entries, up to {stamp(last)}; {all_}, about {minutes} minute{'s' * (minutes > 1)} to go"

    def _forget(self, pages: int) -> None:
        """A window that may still get entries is asked for anew the next time."""
        self.kept.drop(f"{self.name}-{number:05d}" for number in range(pages))

    def _nothing(self) -> SourceError:
        return SourceError(
            f"logging:{self.project} holds no entry of the service {self.params.service!r} dated {self.params.reach}; "
            "check project, service and window (entries are kept for 30 days unless the bucket says otherwise)"
        )


def reading(params: Params, project: str, kept: Cache, name: str) -> LogReading:
    return LogReading(params, project, cloud.logging(project), kept, name)


def filter_of(service: str, window: TimeWindow) -> str:
    """Both bounds are always in it: without one the API reads a day of its own choice, or everything."""
    resource = rf"/(?:services|revisions)/{service}(?:-[0-9]{{5}}-[a-z0-9]{{3}})?$"
    return (
        'resource.type="cloud_run_revision" AND '
        f'(resource.labels.service_name="{service}" OR protoPayload.resourceName=~"{resource}") AND '
        'NOT log_id("cloudaudit.googleapis.com/data_access") AND '
        f'timestamp>="{stamp(window.start)}" AND timestamp<"{stamp(window.end)}"'
    )


def _joined(pages: list[Pulled], project: str) -> Pulled:
    read = sum(page.read for page in pages)
    redactions: dict[str, int] = {}
    for page in pages:
        for kind, count in (page.redactions or {}).items():
            redactions[kind] = redactions.get(kind, 0) + count
    return replace(
        pages[0],
        entries=pa.concat_tables([page.entries for page in pages]),
        quarantine=pa.concat_tables([page.quarantine for page in pages]),
        files=(FileNote(f"logging:{project}", "logging api", "", read, f"{len(pages)} pages"),),
        read=read,
        warnings=tuple(dict.fromkeys(told for page in pages for told in page.warnings)),
        redactions=redactions,
        token="",
    )
