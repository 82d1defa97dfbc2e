"""Parameters from YAML or JSON, checked whole: one refusal that names every fault."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from netra_analysis.errors import RequestError
from netra_analysis.params.model import AuditClaim, Budget, Limits, Objectives, Params, Redact, Span, check_windows
from netra_analysis.params.yamltext import Loader, Refused


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
            check_windows(params)
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
        data = yaml.load(text, Loader=Loader)  # noqa: S506 (a SafeLoader subclass)
    except Refused as error:
        raise RequestError(f"{name}, {error}; see params/ for examples") from error
    except RecursionError as error:
        raise RequestError(f"{name} is nested too deep; parameters have two levels; see params/") from error
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise RequestError(f"{name} is not YAML: {reason}; see params/ for examples") from error
    return parse(data, name)
