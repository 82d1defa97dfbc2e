"""What is asked: one YAML file per incident, checked whole before anything is read or started."""

import difflib
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from netra_analysis.errors import RequestError
from netra_analysis.window import TimeWindow, stamp, utc

ID = r"^[a-z0-9][a-z0-9-]{0,62}$"
_SIZE = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?\s*$", re.IGNORECASE)
_LAST = re.compile(r"^last\s+([1-9][0-9]*)\s*(m|min|h|d)$")
_SOURCES = ("file:", "bigquery:", "logging:")
_METRICS = ("file:", "monitoring:", "none")


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise ValueError(f"{value!r} is no time; write it as 2025-09-02T12:00:00Z") from error
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone; write {value.isoformat()}Z for UTC")
        return utc(value)
    if isinstance(value, date):
        raise ValueError(f"{value.isoformat()} is a date; write a time, such as {value.isoformat()}T00:00:00Z")
    raise ValueError(f"{value!r} is no time; write it as 2025-09-02T12:00:00Z")


def _bytes(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    match = _SIZE.match(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"{value!r} is no size; write it as 20GB")
    step = 1024 if match[3] else 1000
    return int(float(match[1]) * step ** " KMGT".index(match[2].upper() or " "))


Moment = Annotated[datetime, BeforeValidator(_moment)]
Bytes = Annotated[int, BeforeValidator(_bytes)]


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

    memory_mib: float | None = Field(default=None, gt=0)
    pool_size: int | None = Field(default=None, gt=0)
    db_connections: int | None = Field(default=None, gt=0)
    max_instances: int | None = Field(default=None, gt=0)
    concurrency: int | None = Field(default=None, gt=0)


class Budget(_Part):
    """What a query may cost; one over it is refused before it runs."""

    bytes: Bytes = 20_000_000_000


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
    limits: Limits = Limits()
    budget: Budget = Budget()
    audit: tuple[AuditClaim, ...] = Field(default=(), strict=False)
    synthetic: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> "Params":
        fixed = self.start is not None or self.end is not None
        if fixed == (self.window is not None):
            raise ValueError("give either start and end, or window (such as: window: last 24h)")
        if fixed and (self.start is None or self.end is None):
            raise ValueError(f"{'end' if self.start else 'start'} is missing; start and end go together")
        if self.window is not None and not _LAST.match(self.window):
            raise ValueError(f"window is {self.window!r}; write it as: last 24h, last 90m or last 7d")
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
        match = _LAST.match(self.window)
        if match is None:
            raise RequestError(f"window is {self.window!r}; write it as: last 24h")
        unit = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}[match[2]]
        end = utc(now).replace(second=0, microsecond=0)
        start = end - timedelta(**{unit: int(match[1])})
        return self.model_copy(update={"start": start, "end": end, "window": None})

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

    def to_json(self) -> dict[str, Any]:
        """As JSON, times with a Z: for the capsule's manifest and back through `parse`."""
        data = self.model_dump(exclude_none=True)
        for key in ("start", "end"):
            if key in data:
                data[key] = stamp(data[key])
        if "baseline" in data:
            data["baseline"] = {key: stamp(value) for key, value in data["baseline"].items()}
        data["audit"] = list(data.get("audit", ()))
        return data


def _check_place(key: str, value: str, kinds: tuple[str, ...]) -> None:
    for kind in kinds:
        if value == kind == "none" or (kind.endswith(":") and value.startswith(kind) and len(value) > len(kind)):
            return
    raise ValueError(f"{key} is {value!r}; it starts with one of {', '.join(kinds)}")


def parse(data: Any, name: str) -> Params:
    """`data` (as YAML or JSON gave it) as `Params`, or one `RequestError` that names every fault."""
    if not isinstance(data, Mapping):
        raise RequestError(
            f"{name} holds {type(data).__name__ if data is not None else 'nothing'}, not parameters; "
            "expected keys such as incident, project, service, start, end, source"
        )
    try:
        params = Params.model_validate(dict(data))
        if params.window is None:
            _ = params.asked, params.before
    except ValidationError as error:
        raise RequestError(f"{name}: " + "; ".join(_faults(error))) from error
    except RequestError as error:
        raise RequestError(f"{name}: {error}") from error
    return params


def _faults(error: ValidationError) -> list[str]:
    faults = []
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            faults.append(_unknown_key(fault["loc"]))
        elif fault["type"] == "missing":
            faults.append(f"{where} is missing")
        else:
            message = fault["msg"].removeprefix("Value error, ")
            given = "" if fault["type"] == "value_error" else f" (given: {str(fault.get('input'))[:60]!r})"
            faults.append(f"{where}: {message}{given}" if where else message)
    return faults


def _unknown_key(loc: tuple[int | str, ...]) -> str:
    parts: dict[str, type[BaseModel]]
    parts = {"limits": Limits, "baseline": Span, "budget": Budget, "audit": AuditClaim}
    known = sorted((parts.get(str(loc[0]), Params) if len(loc) > 1 else Params).model_fields)
    key = str(loc[-1])
    close = difflib.get_close_matches(key, known, n=1)
    return f"unknown key {key!r}; " + (f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}")


def from_yaml(text: str, name: str) -> Params:
    """Parameters from YAML text; `name` is what messages call it."""
    try:
        return parse(yaml.load(text, Loader=_Loader), name)  # noqa: S506 (a SafeLoader subclass)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise RequestError(f"{name} is not YAML: {reason}; see params/ for examples") from error


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice, where YAML itself would let the last one win."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = sorted({str(key) for key in keys if keys.count(key) > 1})
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"key given twice: {', '.join(twice)}", node.start_mark)
    loader.flatten_mapping(node)
    return {
        loader.construct_object(key, deep=True): loader.construct_object(value, deep=True) for key, value in node.value
    }


def _timestamp(loader: _Loader, node: yaml.ScalarNode) -> Any:
    """A time keeps what was written: YAML's own reading would turn an offset-less time into UTC silently."""
    return loader.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)


def load(path: Path) -> Params:
    """Parameters from the YAML file at `path`; `source` and `metrics` paths are relative to its folder."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        there = sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        hint = f"; in {path.parent} there is {', '.join(there)}" if there else ""
        raise RequestError(f"no parameters file {path}{hint}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"{path} cannot be read as UTF-8 text: {error}; give a YAML file") from error
    return from_yaml(text, path.name)


def place(location: str, base: Path) -> tuple[str, str]:
    """`file:PATH` as ('file', absolute-or-relative-to-base path); other sources as (kind, name)."""
    kind, _, rest = location.partition(":")
    return kind, str(base / rest) if kind == "file" else rest
