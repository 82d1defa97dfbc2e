"""Cloud Logging's `entries:list` over a list of entries: filter, order, pages (some of them empty), faults."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.servers.export import log_id, moment
from tests.servers.http import Refusal, Request, Served, serving

_TEST = re.compile(r'(?P<path>[\w.]+)\s*(?P<sign>=~|>=|<=|=|<|>)\s*"(?P<value>[^"]*)"')


@dataclass
class FakeLogging:
    """The entries of one project. As the API promises, an answer holds no entry twice."""

    project: str
    entries: Sequence[Mapping[str, Any]]
    most: int = 1000
    empty_every: int = 3  # every third page found nothing in the time it had, and is not the last
    faults: dict[int, Exception] = field(default_factory=dict)  # by the number of the call
    calls: int = 0
    given: list[Mapping[str, Any]] = field(default_factory=list)  # entries, as they went over the wire

    def answer(self, request: Request) -> Mapping[str, Any]:
        self.calls += 1
        if fault := self.faults.pop(self.calls, None):
            raise fault
        if request.path != "/v2/entries:list":
            raise Refusal(404, "notFound", f"no such path: {request.path}")
        body = request.body
        if body["resourceNames"] != [f"projects/{self.project}"]:
            raise Refusal(403, "forbidden", "The caller does not have permission")
        found = self._found(body["filter"])
        start, _, page = str(body.get("pageToken", "0.0")).partition(".")
        empty = self.empty_every and (int(page or 0) + 1) % self.empty_every == 0
        some = [] if empty else found[int(start) : int(start) + min(body["pageSize"], self.most)]
        end = int(start) + len(some)
        more = {"nextPageToken": f"{end}.{int(page or 0) + 1}"} if end < len(found) else {}
        some = [_of_fields(one, request.query.get("fields", "")) for one in some]
        self.given += some
        return {**({"entries": some} if some else {}), **more}

    def _found(self, text: str) -> list[Mapping[str, Any]]:
        unique = {(one["logName"], one["timestamp"], one["insertId"]): one for one in self.entries}
        kept = [one for one in unique.values() if matches(text, one)]
        return sorted(kept, key=lambda one: (moment(one["timestamp"]), one["insertId"]))


def _of_fields(entry: Mapping[str, Any], mask: str) -> Mapping[str, Any]:
    """The entry under a partial response's mask, `entries(a,b),more`; all of it without one."""
    if not mask:
        return entry
    found = re.fullmatch(r"entries\(([\w,]+)\),nextPageToken", mask)
    if not found:
        raise Refusal(400, "badRequest", f"Invalid field mask: {mask}")
    return {name: value for name, value in entry.items() if name in found[1].split(",")}


def matches(text: str, entry: Mapping[str, Any]) -> bool:
    """What the filter language means for the few constructs that are used here; anything else is refused."""
    return all(_clause(part, entry) for part in re.split(r"\s+AND\s+", text))


def _clause(text: str, entry: Mapping[str, Any]) -> bool:
    if text.startswith("("):
        return any(_clause(part, entry) for part in re.split(r"\s+OR\s+", text.removeprefix("(").removesuffix(")")))
    if found := re.fullmatch(r'NOT log_id\("([^"]+)"\)', text):
        return log_id(entry) != found[1]
    test = _TEST.fullmatch(text)
    if not test:
        raise Refusal(400, "badRequest", f"Unparseable filter: {text}")
    return _compared(_at(entry, test["path"]), test["sign"], test["value"], time=test["path"] == "timestamp")


def _at(entry: Any, path: str) -> Any:
    for step in path.split("."):
        entry = entry.get(step) if isinstance(entry, Mapping) else None
    return entry


def _compared(value: Any, sign: str, wanted: str, *, time: bool) -> bool:
    if value is None:
        return False
    if sign == "=~":
        return re.search(wanted, value) is not None
    left, right = (moment(value), moment(wanted)) if time else (value, wanted)
    return {"=": left == right, ">=": left >= right, "<": left < right, ">": left > right, "<=": left <= right}[sign]


@contextmanager
def logging(fake: FakeLogging) -> Iterator[Served]:
    with serving(fake.answer) as served:
        yield served
