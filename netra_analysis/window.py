"""Time windows: half-open, UTC, never naive."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from netra_analysis.errors import RequestError

LONGEST = timedelta(days=62)


def utc(moment: datetime, what: str = "time") -> datetime:
    """`moment` in UTC; refuses a naive one, because a guess at its zone would be silent."""
    if moment.tzinfo is None:
        raise RequestError(
            f"{what} is {moment.isoformat()} without a time zone; "
            f"write {moment.isoformat()}Z for UTC, or an offset such as {moment.isoformat()}-07:00"
        )
    return moment.astimezone(UTC)


def stamp(moment: datetime) -> str:
    """`moment` as ISO 8601 in UTC with a Z, as precise as it is and no more."""
    text = utc(moment).isoformat()
    return text.replace("+00:00", "Z")


def utc_text(moment: datetime) -> str:
    """`2025-09-02 12:37:34 UTC`, as a sentence says it."""
    return utc(moment).strftime("%Y-%m-%d %H:%M:%S UTC")


def span_text(start: datetime, end: datetime) -> str:
    """`2025-09-02 12:37:00 to 12:40:00 UTC`, the day once where it is one."""
    first, last = utc_text(start), utc_text(end)
    return f"{first.removesuffix(' UTC')} to {last[11:] if first[:10] == last[:10] else last}"


@dataclass(frozen=True, slots=True, order=True)
class TimeWindow:
    """The time from `start` (inclusive) to `end` (exclusive), in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", utc(self.start, "start"))
        object.__setattr__(self, "end", utc(self.end, "end"))
        if self.end <= self.start:
            raise RequestError(
                f"the window ends ({stamp(self.end)}) at or before its start ({stamp(self.start)}); "
                "give an end after the start"
            )
        if self.end - self.start > LONGEST:
            raise RequestError(
                f"the window is {(self.end - self.start).days} days long; the longest allowed is "
                f"{LONGEST.days} days, because one incident is asked about at a time"
            )

    @property
    def duration(self) -> timedelta:
        return self.end - self.start

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def widened(self, *, before: timedelta = timedelta(0), after: timedelta = timedelta(0)) -> "TimeWindow":
        """The same window with more room on either side."""
        return TimeWindow(self.start - before, self.end + after)

    def before(self, length: timedelta | None = None) -> "TimeWindow":
        """The window that ends where this one starts; as long as this one unless `length` is given."""
        return TimeWindow(self.start - (length or self.duration), self.start)

    def __str__(self) -> str:
        return span_text(self.start, self.end)
