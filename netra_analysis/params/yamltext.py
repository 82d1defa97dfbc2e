"""YAML as parameters may use it: plain words and decimal numbers; no aliases, no merges, no key twice."""

import re
from collections import Counter
from typing import Any

import yaml

from netra_analysis.params.values import UNWRITABLE

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})\Z")  # longer ones stay text, and are refused as that
_DECIMAL = re.compile(r"(?:[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]{1,3})?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"


class Refused(yaml.YAMLError):
    """What YAML allows and parameters do not, with its line."""

    def __init__(self, why: str, mark: Any) -> None:
        super().__init__(f"line {mark.line + 1}: {why}")


class Loader(yaml.SafeLoader):
    """SafeLoader whose numbers are decimal: YAML 1.1 would read 1:30 as 90, 010 as 8 and 1_0 as 10."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """No aliases: a few of them, one within the other, stand for more than memory holds."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise Refused("aliases (*) are not read; write the value out", mark)
        return super().compose_node(parent, index)


def _mapping(loader: Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    """A key given twice is refused, where YAML itself would let the last one win."""
    for key, _ in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            raise Refused("merge keys (<<) are not read; write the keys out", key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            raise Refused("a key is a list or a mapping; keys are plain words", key.start_mark)
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = sorted({str(key) for key, times in Counter(keys).items() if times > 1})
    if twice:
        raise Refused(f"key given twice: {', '.join(twice)}", node.start_mark)
    return {key: loader.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)}


def _text(loader: Loader, node: yaml.ScalarNode) -> Any:
    text = loader.construct_scalar(node)
    if UNWRITABLE.search(text):
        raise Refused("a text holds a NUL or half a surrogate pair, which no file or path can hold", node.start_mark)
    return text


def _timestamp(loader: Loader, node: yaml.ScalarNode) -> Any:
    """A time keeps what was written: YAML's own reading would turn an offset-less time into UTC silently."""
    return loader.construct_scalar(node)


def _whole(loader: Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    if not _INTEGER.match(text):
        raise Refused(f"{text[:60]!r} is no whole number", node.start_mark)
    return int(text)


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag not in (_INT, _FLOAT)]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(_INT, _INTEGER, list("-+0123456789"))
Loader.add_implicit_resolver(_FLOAT, _DECIMAL, list("-+.0123456789"))
Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
Loader.add_constructor("tag:yaml.org,2002:str", _text)
Loader.add_constructor(_INT, _whole)
Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)
