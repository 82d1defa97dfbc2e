"""Routes: a path with its ids replaced, so that requests to one handler share one name."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import re2

from netra_analysis.logtext.encodable import encodable

_LONGEST: Final = 2000
_DEEPEST: Final = 12
_HEX: Final = 16  # letters; from here on a word of a to f alone is an id
_ID: Final = "{id}"
_MANY: Final = 20  # different values in one place that look like ids: then those beside them are ids, too

_IDS = re2.compile(
    r"^(?:"
    r"\d+"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|0x[0-9a-fA-F]+"
    r"|\d{4}-\d{2}(?:-\d{2})?(?:T.*)?"
    rf"|[0-9a-fA-F]{{{_HEX},}}"
    r"|.*[@%:=].*"
    r"|[A-Za-z]+(?:[_\-][A-Za-z]+)*[_\-](?:\d+|[0-9a-zA-Z]*\d[0-9a-zA-Z_\-]*\d[0-9a-zA-Z_\-]*\d[0-9a-zA-Z_\-]*)"
    r")$"
)
_SHORT_HEX = re2.compile(rf"^[0-9a-f]{{6,{_HEX}}}$|^[0-9A-F]{{6,{_HEX}}}$")
_PAST_F = re2.compile(r"[g-zG-Z]")
_VERSIONED = re2.compile(r"^(?:v\d{1,3}(?:(?:alpha|beta|rc)?\d*)|[A-Za-z]{2,12}\d{1,2})$")
_TOKEN = re2.compile(r"^[A-Za-z0-9_.~\-]{12,}$")
_ASSET = re2.compile(r"\.(?:js|mjs|css|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|json|txt|xml|html)$")
_HASH = re2.compile(r"[.\-_](?:[0-9a-f]{6,}|[A-Za-z0-9_]{8,})([.\-])")


def route_template(path: str) -> str:
    """`path` without query, its ids as `{id}`: `/api/threads/42/messages` → `/api/threads/{id}/messages`."""
    segments = _segments(path)
    shown = [_segment(segment, last=i == len(segments) - 1) for i, segment in enumerate(segments[:_DEEPEST])]
    rest = ["…"] if len(segments) > _DEEPEST else []
    return "/" + "/".join([*shown, *rest])


def _segments(path: str) -> list[str]:
    bare = _path_of(encodable(path[:_LONGEST]))
    return [segment.strip() for segment in bare.split("/") if segment.strip()]


def route_templates(paths: Iterable[str]) -> dict[str, str]:
    """The route of each of `paths`; ids in no form of their own are known by those that stand in the same place.

    `/items/eepwFjtgZPj` alone may be a page's name. Among many such as `/items/7KkMJCJhPnAm` it is an id; among plain
    numbers it is not.
    """
    parts = {path: route_template(path).split("/") for path in paths}
    whole = {path: ["", *(_segments(path) or [""])] for path in parts}
    for at in range(1, _DEEPEST + 1):
        places: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for path, own in parts.items():
            if at < len(own):
                places[(*own[:at], "", *(_ID if _is_odd(one) else one for one in own[at + 1 :]))].append(path)
        for here in places.values():
            made_up = {whole[path][at] for path in here if _is_made_up(whole[path][at])}
            odd = {parts[path][at] for path in here if _is_odd(parts[path][at])} - made_up
            if len(made_up) >= max(_MANY, len(odd)):
                for path in here:
                    if _is_odd(parts[path][at]):
                        parts[path][at] = _ID
    return {path: "/".join(own) for path, own in parts.items()}


def _is_odd(segment: str) -> bool:
    """Whether a word is none of those that people name things with: digits in it, or capitals past its beginning."""
    plain = len(segment) < 6 or "{" in segment or "." in segment
    return not plain and not (segment.islower() and _VERSIONED.match(segment)) and _is_mixed(segment[1:])


def _is_mixed(text: str) -> bool:
    return any(letter.isdigit() or letter.isupper() for letter in text)


def _is_made_up(segment: str) -> bool:
    """Whether a word mixes digits with letters past `f`, as no number, date or hexadecimal id does."""
    digits = any(letter.isdigit() for letter in segment)
    return digits and len(segment) >= 6 and "." not in segment and bool(_PAST_F.search(segment))


def _path_of(url: str) -> str:
    """The path of a URL or of a path, without query and fragment."""
    scheme, separator, rest = url.partition("://")
    if separator and "/" not in scheme:
        url = "/" + rest.partition("/")[2] if "/" in rest.partition("?")[0] else "/"
    return url.partition("?")[0].partition("#")[0].strip()


def _segment(segment: str, *, last: bool) -> str:
    if segment.startswith("{") and segment.endswith("}"):
        return segment
    if segment.isalpha() and len(segment) < _HEX:
        return segment  # most are plain words, and every id of that length has a digit or a sign
    if last and _ASSET.search(segment.lower()):
        return _asset(segment)
    if _VERSIONED.match(segment):
        return segment
    return _ID if _IDS.match(segment) or _is_short_hex(segment) or _is_token(segment) else segment


def _is_short_hex(segment: str) -> bool:
    """A short hexadecimal id, such as the first eight digits of a longer one: words in a to f hold no two digits."""
    return bool(_SHORT_HEX.match(segment)) and sum(letter.isdigit() for letter in segment) >= 2


def _is_token(segment: str) -> bool:
    """A long word that mixes letters with digits, or capitals in no order: made by a machine."""
    if not _TOKEN.match(segment):
        return False
    digits = sum(letter.isdigit() for letter in segment)
    return digits >= 2 and any(letter.isalpha() for letter in segment)


def _asset(name: str) -> str:
    """A static file's name without the hash of its content: `main-{hash}.js`."""
    stem, dot, kind = name.rpartition(".")
    if _IDS.match(stem) and not _HASH.search(f"{stem}."):
        return f"{{hash}}{dot}{kind}"
    for separator in (".", "-", "_"):
        head, found, tail = stem.rpartition(separator)
        if found and _is_hash(tail):
            return f"{head}{found}{{hash}}{dot}{kind}"
    return f"{{hash}}{dot}{kind}" if _is_hash(stem) else name


def _is_hash(text: str) -> bool:
    return len(text) >= 6 and text.isalnum() and any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
