"""YAML as `gcloud logging read` prints it: one document per entry, or one list of them.

Each document is parsed by itself, so that a bad one costs no other. Times stay text, numbers are only what
JSON would call numbers, and a document with anchors is refused: a log has none, an attack has many.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from netra_analysis.sources.reading.jsonlines import lines
from netra_analysis.sources.reading.jsonvalue import real_number
from netra_analysis.sources.reading.reason import DEEPEST_VALUE, LONGEST_VALUE, Reason
from netra_analysis.sources.reading.text import Text, repaired
from netra_analysis.sources.reading.value import Remarks, Value

_BASE: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# YAML has no raw control characters; they wait in a private area while the document is parsed.
_CONTROLS: Final = [code for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r\x85"]
_HIDE: Final = {code: 0xE000 + code for code in _CONTROLS}
_SHOW: Final = {0xE000 + code: f"\\u{code:04x}" for code in _CONTROLS}
_HAS_CONTROL = re.compile("[" + "".join(f"\\x{code:02x}" for code in _CONTROLS) + "]")


class _Loader(_BASE):  # type: ignore[misc]
    """Safe YAML whose plain scalars are text unless JSON would read them as something else."""

    yaml_implicit_resolvers: Final[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|True|false|False)\Z"), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9]\d{0,30})\Z"), list("-0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"-?(?:0|[1-9]\d*)\.\d+(?:[eE][-+]?\d{1,2})?\Z"), list("-0123456789")
)
_Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: real_number(str(loader.construct_scalar(node))))


def read_yaml(text: Text, remarks: Remarks) -> Iterator[Value]:
    """One value per document, or per item where a document is a list."""
    for number, document in _documents(text.pieces):
        yield Value(number, _parsed(document), document)


def _documents(pieces: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Line number and text of each document; the items of a list at the left edge count as documents."""
    start, size, in_list = 1, 0, False
    held: list[str] = []
    for number, raw, _ in lines(pieces):
        line = raw.strip("\ufeff\r")
        marker = line.rstrip() == "---" or line.startswith("--- ")
        if marker or (in_list and line.startswith("- ")):
            yield from _filled(start, held)
            held, size = [], 0
        if line.rstrip() == "---" or not (held or line.strip()):
            continue
        if not held:
            start, in_list = number, line.startswith("- ")
        size += len(line) + 1
        if size <= 2 * LONGEST_VALUE:
            held.append(line)
    yield from _filled(start, held)


def _filled(start: int, held: list[str]) -> Iterator[tuple[int, str]]:
    if any(line.strip() and line.strip() != "..." for line in held):
        yield start, "\n".join(held)


def _parsed(document: str) -> Any | Reason:
    if len(document) > LONGEST_VALUE:
        return Reason.TOO_LONG
    document = repaired(document)
    hidden = _HAS_CONTROL.search(document) is not None
    text = document.translate(_HIDE) if hidden else document
    try:
        if (reason := _refused(text)) is not None:
            return reason
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, see above
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError):
        return Reason.NOT_YAML
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return _shown(value) if hidden else value


def _refused(text: str) -> Reason | None:
    """Anchors, which can blow a small document up, and depth, before anything is built."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if getattr(event, "anchor", None) is not None:
            return Reason.NOT_YAML
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST_VALUE:
            return Reason.TOO_DEEP
    return None


def _shown(value: Any) -> Any:
    """`value` with its control characters back in place."""
    return json.loads(json.dumps(value, ensure_ascii=False, default=str).translate(_SHOW), strict=False)
