"""Colours: terminal escapes and loguru's tags, taken out of a text without touching anything else.

No pattern is used: both are found by splitting and replacing, so a megabyte of escapes takes milliseconds.
"""

from typing import Final

from netra_analysis.logtext.encodable import encodable

_COLOURS = ("black", "blue", "cyan", "green", "magenta", "red", "white", "yellow")
_STYLES = ("bold", "dim", "normal", "italic", "underline", "strike", "reverse", "blink", "hide", "level")
_NAMES = (*_COLOURS, *_STYLES, *(f"light-{name}" for name in _COLOURS), *(name.upper() for name in _COLOURS))
_TAGS: Final = tuple(f"<{slash}{name}>" for name in _NAMES for slash in ("", "/"))

# How an escape character looks after JSON, a shell or a console code page has been at it.
_SPELLED_ESCAPES: Final = ("\\x1b[", "\\u001b[", "\\033[", "\N{LEFTWARDS ARROW}[")
_PARAMETERS: Final = "0123456789;?:"


def plain_text(text: str) -> str:
    """`text` without ANSI escapes and known colour tags; other tags are part of the message."""
    text = encodable(text)
    if "[" in text:
        text = _without_escapes(text)
    if "<" in text and ">" in text:
        for tag in _TAGS:
            text = text.replace(tag, "")
    return text


def _without_escapes(text: str) -> str:
    for spelling in _SPELLED_ESCAPES:
        if spelling in text:
            text = text.replace(spelling, "\x1b[")
    if "\x1b[" not in text:
        return text
    first, *rest = text.split("\x1b[")
    return first + "".join(map(_after_escape, rest))


def _after_escape(piece: str) -> str:
    """What follows one escape's parameters and its final letter."""
    rest = piece.lstrip(_PARAMETERS)
    return rest[1:] if rest[:1].isalpha() else piece
