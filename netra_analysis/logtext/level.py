"""Levels: the six words that are used here, and every spelling that loggers have for them."""

from typing import Final

DEBUG: Final = "DEBUG"
INFO: Final = "INFO"
WARNING: Final = "WARNING"
ERROR: Final = "ERROR"
CRITICAL: Final = "CRITICAL"
UNKNOWN: Final = "UNKNOWN"

_SPELLINGS: Final = {
    DEBUG: "debug debu dbug dbg trace trce verbose silly fine finer finest d t v",
    INFO: "info information inf log notice config http success i",
    WARNING: "warning warn wrn w",
    ERROR: "error erro err fail severe e",
    CRITICAL: "critical crit fatal fata ftl panic pani dpanic alert emergency emerg f c",
}
_MONOLOG: Final = 100  # debug; info 200, notice 250, warning 300, error 400, critical 500
_LEVELS: Final = {word: level for level, words in _SPELLINGS.items() for word in words.split()}


def level_of(word: str | None) -> str:
    """The level that `word` spells; UNKNOWN for none, DEFAULT and anything else."""
    return _LEVELS.get(word.strip().lower(), UNKNOWN) if word and len(word) < 40 else UNKNOWN


def level_of_number(number: float) -> str:
    """The level of a number of pino or bunyan (10 trace, 20 debug, 30 info … 60 fatal) or of Monolog (`_MONOLOG`)."""
    if number < 10:
        return UNKNOWN
    number = number / 10 + 10 if number >= _MONOLOG else number
    steps = ((30, DEBUG), (40, INFO), (50, WARNING), (60, ERROR))
    return next((level for limit, level in steps if number < limit), CRITICAL)


def level_of_syslog(number: int) -> str:
    """The level of a number of syslog (RFC 5424): 0 emergency, 3 error, 4 warning, 6 informational, 7 debug."""
    levels = (CRITICAL, CRITICAL, CRITICAL, ERROR, WARNING, INFO, INFO, DEBUG)
    return levels[number] if 0 <= number < len(levels) else UNKNOWN
