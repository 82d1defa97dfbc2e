"""What is asked: one YAML file per incident, checked whole before anything is read or started."""

import difflib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from netra_analysis.errors import RequestError
from netra_analysis.window import LONGEST, TimeWindow, stamp, utc

ID = r"^[a-z0-9][a-z0-9-]{0,62}$"
_SIZE = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?\s*$", re.IGNORECASE)
_LARGEST = 2**63 - 1  # bytes; the limit is passed on as an INT64
_LAST = re.compile(r"^last\s+([1-9][0-9]*)\s*(m|min|h|d)$")
_YEARS = range(1970, 2201)  # so that no window next to a time, nor its nanoseconds, leaves what can be computed
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})\Z")  # longer ones stay text, and are refused as that
_DECIMAL = re.compile(r"(?:[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]{1,3})?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
LONGEST_REQUEST = timedelta(minutes=60)  # Cloud Run's highest request time-out
_METRIC = r"^(?:(?:custom|workload|external|prometheus)\.googleapis\.com|logging\.googleapis\.com/user)/[\w./-]{1,180}$"
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
            text = value.isoformat()
            raise ValueError(f"{text} has no time zone; write {text}Z for UTC, or {text}+02:00 for a local time")
        if value.year not in _YEARS:
            raise ValueError(f"{value.isoformat()} is outside the years {_YEARS[0]} to {_YEARS[-1]}")
        return utc(value)
    if isinstance(value, date):
        raise ValueError(f"{value.isoformat()} is a date; write a time, such as {value.isoformat()}T00:00:00Z")
    raise ValueError(f"{value!r} is no time; write it as 2025-09-02T12:00:00Z")


def _bytes(value: Any) -> int:
    size = _size(value) if isinstance(value, str) else value if type(value) is int else None
    if size is None:
        raise ValueError(f"{value!r} is no size; write it as 20GB")
    if not 1 <= size <= _LARGEST:
        raise ValueError(f"{str(value)[:60]!r} is not between 1 byte and {_LARGEST} bytes; write it as 20GB")
    return int(size)


def _size(text: str) -> float | None:
    match = _SIZE.match(text)
    if not match:
        return None
    step = 1024 if match[3] else 1000
    size: float = float(match[1]) * step ** " KMGT".index(match[2].upper() or " ")
    return size


def _length(window: str) -> timedelta:
    """How long a relative window is; one beyond the longest allowed is refused before it is computed with."""
    match = _LAST.match(window)
    if not match:
        raise ValueError(f"window is {window!r}; write it as: last 24h, last 90m or last 7d")
    unit = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}[match[2]]
    length = timedelta(**{unit: int(match[1])}) if len(match[1]) < 7 else None
    if length is None or length > LONGEST:
        raise ValueError(
            f"window is {window[:60]!r}; the longest allowed is {LONGEST.days} days together with its baseline, "
            "because one incident is asked about at a time"
        )
    return length


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
            _length(self.window)
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
        fixed = self.model_copy(update={"start": end - _length(self.window), "end": end, "window": None})
        _check_windows(fixed)
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
    if _UNWRITABLE.search(value):
        raise ValueError(f"{key} is {value!r}; no path holds a NUL or half a surrogate pair")


def _check_windows(params: Params) -> None:
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
            _check_windows(params)
    except ValidationError as error:
        raise RequestError(f"{name}: " + "; ".join(_faults(error))) from error
    except RequestError as error:
        raise RequestError(f"{name}: {error}") from error
    return params


def _faults(error: ValidationError) -> list[str]:
    faults = []
    for fault in error.errors():
        where = ".".join(str(part)[:60] for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            faults.append(_unknown_key(fault["loc"]))
        elif fault["type"] == "missing":
            faults.append(f"{where} is missing")
        else:
            message = fault["msg"].removeprefix("Value error, ")
            given = "" if fault["type"] == "value_error" else f" (given: {_brief(fault.get('input'))})"
            faults.append(f"{where}: {message}{given}" if where else message)
    return faults


def _brief(value: Any) -> str:
    try:
        return repr(str(value)[:60])
    except (ValueError, RecursionError):  # Python writes no integer of more than 4,300 digits
        return f"a {type(value).__name__} too large to show"


def _unknown_key(loc: tuple[int | str, ...]) -> str:
    parts: dict[str, type[BaseModel]]
    parts = {"limits": Limits, "objectives": Objectives, "baseline": Span, "budget": Budget, "audit": AuditClaim}
    parts["redact"] = Redact
    known = sorted((parts.get(str(loc[0]), Params) if len(loc) > 1 else Params).model_fields)
    key = str(loc[-1])[:60]
    close = difflib.get_close_matches(key, known, n=1)
    return f"unknown key {key!r}; " + (f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}")


def from_yaml(text: str, name: str) -> Params:
    """Parameters from YAML text; `name` is what messages call it."""
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader subclass)
    except _RefusedError as error:
        raise RequestError(f"{name}, {error}; see params/ for examples") from error
    except RecursionError as error:
        raise RequestError(f"{name} is nested too deep; parameters have two levels; see params/") from error
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise RequestError(f"{name} is not YAML: {reason}; see params/ for examples") from error
    return parse(data, name)


class _RefusedError(yaml.YAMLError):
    """What YAML allows and parameters do not, with its line."""

    def __init__(self, why: str, mark: Any) -> None:
        super().__init__(f"line {mark.line + 1}: {why}")


class _Loader(yaml.SafeLoader):
    """SafeLoader whose numbers are decimal: YAML 1.1 would read 1:30 as 90, 010 as 8 and 1_0 as 10."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """No aliases: a few of them, one within the other, stand for more than memory holds."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise _RefusedError("aliases (*) are not read; write the value out", mark)
        return super().compose_node(parent, index)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    """A key given twice is refused, where YAML itself would let the last one win."""
    for key, _ in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            raise _RefusedError("merge keys (<<) are not read; write the keys out", key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            raise _RefusedError("a key is a list or a mapping; keys are plain words", key.start_mark)
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = sorted({str(key) for key, times in Counter(keys).items() if times > 1})
    if twice:
        raise _RefusedError(f"key given twice: {', '.join(twice)}", node.start_mark)
    return {key: loader.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)}


def _text(loader: _Loader, node: yaml.ScalarNode) -> Any:
    text = loader.construct_scalar(node)
    if _UNWRITABLE.search(text):
        raise _RefusedError(
            "a text holds a NUL or half a surrogate pair, which no file or path can hold", node.start_mark
        )
    return text


def _timestamp(loader: _Loader, node: yaml.ScalarNode) -> Any:
    """A time keeps what was written: YAML's own reading would turn an offset-less time into UTC silently."""
    return loader.construct_scalar(node)


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    if not _INTEGER.match(text):
        raise _RefusedError(f"{text[:60]!r} is no whole number", node.start_mark)
    return int(text)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag not in (_INT, _FLOAT)]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_INT, _INTEGER, list("-+0123456789"))
_Loader.add_implicit_resolver(_FLOAT, _DECIMAL, list("-+.0123456789"))
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:str", _text)
_Loader.add_constructor(_INT, _whole)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)


def load(path: Path) -> Params:
    """Parameters from the YAML file at `path`; `source` and `metrics` paths are relative to its folder."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        there = sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        hint = f"; in {path.parent} there is {', '.join(there)}" if there else ""
        raise RequestError(_safe(f"no parameters file {path}{hint}")) from error
    except (OSError, ValueError) as error:
        raise RequestError(_safe(f"{path} cannot be read as UTF-8 text: {error}; give a YAML file")) from error
    return from_yaml(text, _safe(path.name))


def _safe(text: str) -> str:
    """`text` with halves of surrogate pairs (a file name that is no UTF-8 has them) written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def place(location: str, base: Path) -> tuple[str, str]:
    """`file:PATH` as ('file', absolute-or-relative-to-base path); other sources as (kind, name)."""
    kind, _, rest = location.partition(":")
    return kind, str(base / rest) if kind == "file" else rest
