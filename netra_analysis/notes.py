"""What only people know of an incident: one YAML file beside the report's folder, kept by every re-run.

Nothing here reaches a notebook, a claim or the evidence; the page shows it as written by people. All scalars are read
as text, so that `severity: 1` and `owner: no` stay what they look like.
"""

import difflib
from datetime import datetime
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from netra_analysis.errors import RequestError
from netra_analysis.window import utc

SUFFIX = ".notes.yaml"
LONGEST = 200_000  # characters of a file
_LINE = 200  # of a field that stands in one line

Line = Annotated[str, Field(max_length=_LINE)]


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError as error:
        raise ValueError(f"{str(value)[:60]!r} is no time; write it as 2025-09-02T12:41:00Z") from error
    if moment.tzinfo is None:
        raise ValueError(f"{str(value)[:60]!r} has no time zone; write it as 2025-09-02T12:41:00Z")
    return utc(moment)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Event(_Part):
    """Something that a person did or saw, with its time."""

    time: Annotated[datetime, BeforeValidator(_moment)]
    event: str


class Action(_Part):
    """What will be done, by whom and when; `shown_by` is the claim that will show that it worked."""

    what: str
    kind: Literal["prevent", "detect", "mitigate", "observe", ""] = ""
    owner: Line = ""
    due: Line = ""
    shown_by: Line = ""


class Pin(_Part):
    """A remark on a claim; `said` is its sentence when the remark was made, so that a later change of it shows."""

    claim: Line
    note: str
    said: str = ""
    by: Line = ""


class Notes(_Part):
    """Everything that people wrote; empty where they wrote nothing."""

    status: Literal["draft", "in review", "reviewed"] = "draft"
    owner: Line = ""
    severity: Line = ""
    detected: Annotated[datetime | None, BeforeValidator(_moment)] = None
    mitigated: Annotated[datetime | None, BeforeValidator(_moment)] = None
    summary: str = ""
    response: str = ""
    lessons: str = ""
    actions: tuple[Action, ...] = ()
    timeline: tuple[Event, ...] = ()
    pins: tuple[Pin, ...] = ()


KEYS = tuple(Notes.model_fields)


class _Loader(yaml.BaseLoader):
    """All scalars as text; a key that is given twice is refused, because one of the two would be lost."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


def parse(text: str, name: str) -> Notes:
    """The notes in `text`; RequestError, which calls the file `name`, for what is not understood."""
    if len(text) > LONGEST:
        raise RequestError(f"{name} is longer than {LONGEST:,} characters; shorten it")
    try:
        written = yaml.load(text, _Loader)  # noqa: S506 (a BaseLoader makes texts, lists and mappings only)
    except (yaml.YAMLError, RecursionError) as error:
        raise RequestError(f"{name} is no YAML: {' '.join(str(error).split())[:300]}") from error
    if written in (None, ""):
        return Notes()
    if not isinstance(written, dict):
        raise RequestError(f"{name} holds no keys; it takes {', '.join(KEYS)}")
    try:
        return Notes.model_validate({key: value for key, value in written.items() if value != ""})
    except ValidationError as error:
        raise RequestError(f"{name}: {_said(error)}") from error


def _said(error: ValidationError) -> str:
    """The first fault as one sentence; an unknown key with the one that may have been meant."""
    fault = error.errors(include_url=False)[0]
    place = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        known = _known(fault["loc"])
        close = difflib.get_close_matches(str(fault["loc"][-1]), known, n=1)
        return f"unknown key {place!r}; " + (f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}")
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"


def _known(loc: tuple[int | str, ...]) -> list[str]:
    inner: dict[str, type[BaseModel]] = {"actions": Action, "timeline": Event, "pins": Pin}
    part = inner.get(str(loc[0]), Notes) if len(loc) > 1 else Notes
    return list(part.model_fields)


def with_pin(text: str, pin: Pin, name: str) -> str:
    """`text` with one more pin, all else in it as people wrote it, comments included; as it is when it has the pin.

    RequestError where the pin cannot be put in without touching more: then its lines are given for a person to add.
    """
    before = parse(text, name)
    if pin in before.pins:
        return text
    filled = {key: value for key, value in pin.model_dump().items() if value}
    item = yaml.safe_dump([filled], allow_unicode=True, sort_keys=False, width=LONGEST)
    made = _inserted(text, item)
    try:
        if parse(made, name) == before.model_copy(update={"pins": (*before.pins, pin)}):
            return made
    except RequestError:
        pass  # the sentence below says what to do, whatever it was that did not fit
    raise RequestError(f"{name} is written in a form that is not added to; put this under its key pins:\n{item}")


def _inserted(text: str, item: str) -> str:
    """`text` with `item` as the last of its list `pins`, which is begun at the end where there is none."""
    root = yaml.compose(text, _Loader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    held = next((value for key, value in pairs if key.value == "pins"), None)
    if held is None:
        return _ended(text) + "pins:\n" + item
    if isinstance(held, yaml.SequenceNode) and held.value and not held.flow_style:
        at = text.rfind("\n", 0, held.end_mark.index) + 1 if held.end_mark.column == 0 else len(text)
        return _ended(text[:at]) + _indented(item, held.start_mark.column) + text[at:]
    head = text[: held.start_mark.index].rstrip() + "\n"
    return head + item + text[held.end_mark.index :].lstrip("\n")


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _indented(item: str, column: int) -> str:
    return "".join(" " * column + line for line in item.splitlines(keepends=True))
