"""One incident's parameters: what there is to ask, and what fits together."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from netra_analysis.errors import RequestError
from netra_analysis.params.values import UNWRITABLE, Bytes, Moment, length
from netra_analysis.window import LONGEST, TimeWindow, stamp, utc

ID = r"^[a-z0-9][a-z0-9-]{0,62}$"
LONGEST_REQUEST = timedelta(minutes=60)  # Cloud Run's highest request time-out
_METRIC = r"^(?:(?:custom|workload|external|prometheus)\.googleapis\.com|logging\.googleapis\.com/user)/[\w./-]{1,180}$"
_SOURCES = ("file:", "bigquery:", "logging:")
_METRICS = ("file:", "monitoring:", "none")


class _Part(BaseModel):
    """Strict: unknown keys and silent conversions ('12' for 12, yes for True) are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Span(_Part):
    """A window as it is written down."""

    start: Moment
    end: Moment

    def window(self) -> TimeWindow:
        return TimeWindow(self.start, self.end)


class Limits(_Part):
    """The service's limits, where they are known beforehand; None means: look in the data."""

    memory_mib: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    pool_size: int | None = Field(default=None, gt=0)
    db_connections: int | None = Field(default=None, gt=0)
    max_instances: int | None = Field(default=None, gt=0)
    concurrency: int | None = Field(default=None, gt=0)


class Objectives(_Part):
    """The service's objectives; None means that none was agreed, and a common one is assumed and called that."""

    availability: float | None = Field(default=None, gt=0, lt=1)  # share answered without a 5xx
    latency_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)  # answered within so many seconds
    latency: float | None = Field(default=None, gt=0, lt=1)  # share answered within that


class Budget(_Part):
    """What a reading may cost: bytes scanned, over which nothing is run, and entries kept one by one, over which they
    are thinned where the source allows it, and refused where it does not."""

    bytes: Bytes = 20_000_000_000
    entries: int | None = Field(default=None, gt=0, le=1_000_000_000)


class Redact(_Part):
    """Fields whose values never leave, beyond what is known as secret or personal: names as the logs write them."""

    fields: tuple[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")], ...] = Field(
        default=(), max_length=50, strict=False
    )


class AuditClaim(_Part):
    """One sentence of an earlier audit, to be held against the data."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,15}$")
    says: str = Field(min_length=1, max_length=500)
    tests: Literal[
        "memory",
        "crashes",
        "failed_requests",
        "pool",
        "session_isolation",
        "websocket",
        "success_rate",
        "event_loop",
        "deploys",
        "other",
    ] = "other"


class Params(_Part):
    """One incident's parameters, as in `params/*.yaml`."""

    incident: str = Field(pattern=ID)
    project: str = Field(pattern=r"^[a-z0-9][a-z0-9.:-]{0,62}$")
    service: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    region: str | None = Field(default=None, pattern=r"^[a-z0-9-]+$")
    start: Moment | None = None
    end: Moment | None = None
    window: str | None = None
    baseline: Span | None = None
    source: str
    metrics: str = "none"
    custom_metrics: tuple[Annotated[str, Field(pattern=_METRIC)], ...] = Field(default=(), max_length=20, strict=False)
    limits: Limits = Limits()
    objectives: Objectives = Objectives()
    budget: Budget = Budget()
    redact: Redact = Redact()
    audit: tuple[AuditClaim, ...] = Field(default=(), strict=False)
    synthetic: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> "Params":
        fixed = self.start is not None or self.end is not None
        if fixed == (self.window is not None):
            raise ValueError("give either start and end, or window (such as: window: last 24h)")
        if fixed and (self.start is None or self.end is None):
            raise ValueError(f"{'end' if self.start else 'start'} is missing; start and end go together")
        if self.window is not None:
            length(self.window)
        _check_place("source", self.source, _SOURCES)
        _check_place("metrics", self.metrics, _METRICS)
        ids = [claim.id for claim in self.audit]
        if len(set(ids)) != len(ids):
            raise ValueError("audit: each claim needs an id of its own")
        return self

    def resolved(self, now: datetime) -> "Params":
        """The same parameters with a relative window turned into start and end, once, as of `now`."""
        if self.window is None:
            return self
        end = utc(now).replace(second=0, microsecond=0)
        fixed = self.model_copy(update={"start": end - length(self.window), "end": end, "window": None})
        check_windows(fixed)
        return fixed

    @property
    def asked(self) -> TimeWindow:
        """The window that is asked about."""
        if self.start is None or self.end is None:
            raise RequestError(f"window: {self.window} was not resolved; call resolved(now) first")
        return TimeWindow(self.start, self.end)

    @property
    def before(self) -> TimeWindow:
        """The baseline: as given, or the same length just before."""
        return self.baseline.window() if self.baseline else self.asked.before()

    @property
    def scope(self) -> TimeWindow:
        """All the time that has to be read: window and baseline."""
        return TimeWindow(min(self.asked.start, self.before.start), max(self.asked.end, self.before.end))

    @property
    def reach(self) -> TimeWindow:
        """The scope, and the time before it in which a request of it may have started: an entry carries its START."""
        scope = self.scope
        return TimeWindow(max(scope.start - LONGEST_REQUEST, scope.end - LONGEST), scope.end)

    def to_json(self) -> dict[str, Any]:
        """As JSON, times with a Z: for the capsule's manifest and back through `parse`."""
        data = self.model_dump(exclude_none=True)
        for key in ("start", "end"):
            if key in data:
                data[key] = stamp(data[key])
        if "baseline" in data:
            data["baseline"] = {key: stamp(value) for key, value in data["baseline"].items()}
        data["audit"] = list(data.get("audit", ()))
        data["redact"] = {"fields": list(self.redact.fields)}
        data["custom_metrics"] = list(data.get("custom_metrics", ()))
        return data


def _check_place(key: str, value: str, kinds: tuple[str, ...]) -> None:
    for kind in kinds:
        if value == kind == "none" or (kind.endswith(":") and value.startswith(kind) and len(value) > len(kind)):
            break
    else:
        raise ValueError(f"{key} is {value!r}; it must start with one of {', '.join(kinds)}; for files write file:PATH")
    if UNWRITABLE.search(value):
        raise ValueError(f"{key} is {value!r}; no path holds a NUL or half a surrogate pair")


def check_windows(params: Params) -> None:
    """What the window and the baseline are to each other: apart, and close enough to be read in one go."""
    asked, before = params.asked, params.before
    if before.start < asked.end and asked.start < before.end:
        raise RequestError(
            f"the baseline {before} overlaps the window {asked}; "
            "give one that ends before it starts, or starts after it ends"
        )
    span = max(asked.end, before.end) - min(asked.start, before.start)
    if span > LONGEST:
        raise RequestError(_too_long(params, span))


def _too_long(params: Params, span: timedelta) -> str:
    total = f"{span / timedelta(days=1):.4g} days"
    if params.baseline:
        return (
            f"from the window {params.asked} to the baseline {params.before} it is {total} in all; "
            f"the longest allowed is {LONGEST.days} days; give a baseline that is nearer, or a shorter window"
        )
    return (
        f"the window {params.asked} and its baseline are {total} long together, because the baseline is as much time "
        f"again before the window; the longest allowed is {LONGEST.days} days; give a window of at most "
        f"{LONGEST.days // 2} days, or a shorter baseline of your own"
    )


def place(location: str, base: Path) -> tuple[str, str]:
    """`file:PATH` as ('file', absolute-or-relative-to-base path); other sources as (kind, name)."""
    kind, _, rest = location.partition(":")
    return kind, str(base / rest) if kind == "file" else rest
