"""Levels: the six words that are used here, and every spelling that loggers have for them."""

from typing import Final

DEBUG: Final = "DEBUG"
INFO: Final = "INFO"
WARNING: Final = "WARNING"
ERROR: Final = "ERROR"
CRITICAL: Final = "CRITICAL"
UNKNOWN: Final = "UNKNOWN"

_SPELLINGS: Final = {
    DEBUG: "debug debu dbg trace verbose silly fine finer finest d t v",
    INFO: "info information inf log notice config http success i",
    WARNING: "warning warn wrn w",
    ERROR: "error erro err severe e",
    CRITICAL: "critical crit fatal fata ftl panic pani dpanic alert emergency emerg f c",
}
_LEVELS: Final = {word: level for level, words in _SPELLINGS.items() for word in words.split()}


def level_of(word: str | None) -> str:
    """The level that `word` spells; UNKNOWN for none, DEFAULT and anything else."""
    return _LEVELS.get(word.strip().lower(), UNKNOWN) if word and len(word) < 40 else UNKNOWN


def level_of_number(number: float) -> str:
    """The level of a pino or bunyan number: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal."""
    if number < 10:
        return UNKNOWN
    steps = ((30, DEBUG), (40, INFO), (50, WARNING), (60, ERROR))
    return next((level for limit, level in steps if number < limit), CRITICAL)
