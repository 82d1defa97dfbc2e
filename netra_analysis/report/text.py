"""Text that may be hostile, made safe to read: what hides or reorders other text is shown instead."""

import re
import unicodedata
from typing import Any, Final

# Two families that are invisible without being "format" characters: tags and variation selectors beyond emoji.
_INVISIBLE: Final = re.compile("[\U000e0000-\U000e0fff\u115f\u1160\u3164\uffa0\u2800\ufe00-\ufe0d]")
_HIDING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co"})
_NAMES: Final = {0: "NUL", 7: "BEL", 8: "BS", 13: "CR", 27: "ESC", 127: "DEL"}
_KEPT: Final = frozenset("\n\t")
_SGR: Final = re.compile("\x1b\\[[0-9;:]*m")
_PLAIN: Final = re.compile(r"[\x20-\x7e\n\t]*")


def visible(text: str) -> str:
    """`text` with control, bidi, zero-width and unassigned characters written out: ⟦ESC⟧, ⟦U+202E⟧."""
    text = text.replace("\r\n", "\n")
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_shown(char, text, i) for i, char in enumerate(text))


def _shown(char: str, text: str, i: int) -> str:
    if char in _KEPT or (unicodedata.category(char) not in _HIDING and not _INVISIBLE.match(char)):
        return char
    code = ord(char)
    if code in _NAMES:
        return f"⟦{_NAMES[code]}⟧"
    if code == 0x200D and _between_symbols(text, i):
        return char
    return f"⟦U+{code:04X}⟧"


def _between_symbols(text: str, i: int) -> bool:
    """A zero-width joiner inside an emoji joins it and hides nothing."""
    around = (text[i - 1 : i], text[i + 1 : i + 2])
    return all(c and ord(c) >= 0x2190 and unicodedata.category(c) in ("So", "Sk", "Mn") for c in around)


def uncoloured(text: str) -> str:
    """Terminal colours removed, nothing else: for tracebacks and streams, where they are decoration."""
    return _SGR.sub("", text)


def visible_all(value: Any) -> Any:
    """`visible` for each text in a JSON value, keys included."""
    match value:
        case str():
            return visible(value)
        case dict():
            return {visible(str(key)): visible_all(item) for key, item in value.items()}
        case list() | tuple():
            return [visible_all(item) for item in value]
        case _:
            return value


def slug(text: str, otherwise: str) -> str:
    """`text` as an anchor where it is one already, else a tame form of it."""
    tame = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.")[:60]
    return tame if tame and tame[0].isalpha() else otherwise
