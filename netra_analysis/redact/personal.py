"""What belongs to people: addresses, accounts, cards, numbers, and names in paths."""

import ipaddress
import re
from typing import Any, Final

from netra_analysis.redact.rule import Span, rule, whole

# Account names that belong to an image and not to a person.
_NOBODY: Final = frozenset(
    b"app apps user users node runner ubuntu debian root web www www-data nonroot nobody python java go ruby admin "
    b"appuser application service deploy docker jenkins build builder vscode codespace jovyan airflow git cnb vcap "
    b"default public shared guest test ec2-user circleci travis work workspace dev code src data lib bin".split()
)
# Length of an IBAN by country, as its registry lists them.
_IBAN: Final = {
    country: size
    for size, countries in {
        15: "NO", 16: "BE BI", 18: "DK FO FI GL NL SD FK", 19: "MK SI", 20: "AT BA EE KZ LT LU XK MN",
        21: "CH CR HR LV LI", 22: "BG BH DE GB GE IE ME RS VA", 23: "AE GI IL IQ TL OM SO",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_VERB: Final = re.compile(
    rb"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|path|route|url|uri)['\"]?[\s:='\"]{1,4}$", re.IGNORECASE
)


def _continued(data: bytes, end: int) -> bool:
    """Whether a number goes on: 1.2.3.4.5 is no address, 123-45-6789-1 no social security number."""
    return data[end : end + 1] in (b".", b"-") and data[end + 1 : end + 2].isdigit()


def _address4(data: bytes, match: Any) -> Span | None:
    span = whole(match)
    text = data[span[0] : span[1]]
    if _continued(data, span[1]):
        return None
    if text.endswith(b".0.0.0") and data[span[0] - 1 : span[0]] == b"/":
        return None  # Chrome/120.0.0.0
    first, second, *rest = (int(part) for part in text.split(b"."))
    return None if max(first, second, *rest) > 255 or _inside(first, second) else span


def _inside(first: int, second: int) -> bool:
    """Whether an address names a machine inside and nobody outside: private, local, shared, multicast, reserved."""
    private = first == 10 or (first, second) == (192, 168) or (first == 172 and 16 <= second < 32)
    local = first in (0, 127) or (first, second) == (169, 254) or (first == 100 and 64 <= second < 128)
    return private or local or first >= 224


def _address6(data: bytes, match: Any) -> Span | None:
    span = whole(match)
    try:
        ipaddress.IPv6Address(data[span[0] : span[1]].decode())
    except ValueError:
        return None
    return span


def _email(data: bytes, match: Any) -> Span | None:
    """An address, and not the end of `://user:password@host`, which has a rule of its own."""
    start = match.start()
    before = data[max(0, start - 120) : start]
    userinfo = before.endswith(b":") and b"://" in before.split()[-1]
    return None if userinfo else (start, match.end())


def _iban(data: bytes, match: Any) -> Span | None:
    start = match.start(1)
    size = _IBAN.get(data[start : start + 2].decode(), 0)
    end, seen = start, 0
    while end < match.end(1) and seen < size:
        seen += data[end : end + 1] not in b" -"
        end += 1
    number = data[start:end].replace(b" ", b"").replace(b"-", b"")
    if not size or len(number) != size:
        return None
    value = int("".join(str(int(chr(letter), 36)) for letter in number[4:] + number[:4]))
    return (start, end) if value % 97 == 1 else None


def _card(data: bytes, match: Any) -> Span | None:
    span = whole(match)
    digits = [byte - 48 for byte in data[span[0] : span[1]] if byte not in b" -"]
    twice = (digit if place % 2 == 0 else digit * 2 - 9 * (digit > 4) for place, digit in enumerate(reversed(digits)))
    return span if sum(twice) % 10 == 0 and len(set(digits)) > 2 else None


def _ssn(data: bytes, match: Any) -> Span | None:
    span = whole(match)
    if _continued(data, span[1]):
        return None
    area, group, serial = data[span[0] : span[1]].split(b"-")
    return None if area in (b"000", b"666") or area >= b"900" or group == b"00" or serial == b"0000" else span


def _phone(data: bytes, match: Any) -> Span | None:
    span = whole(match)
    if _continued(data, span[1]):
        return None
    digits = sum(48 <= byte <= 57 for byte in data[span[0] : span[1]])
    return span if 9 <= digits <= 15 else None


def _home(data: bytes, match: Any) -> Span | None:
    """A person's name in a path; not an image's account, nor a page of a site."""
    span = whole(match)
    name = data[span[0] : span[1]].lower()
    if name in _NOBODY or name.startswith(b"[") or _VERB.search(data[max(0, match.start() - 12) : match.start() + 1]):
        return None
    return span


# A letter beyond ASCII, in UTF-8 or as JSON escapes it, none of the signs between words: names and hosts have them.
_LETTER: Final = (
    r"[\xc3-\xdf][\x80-\xbf]|[\xe0\xe1\xe4-\xed][\x80-\xbf]{2}|\xe3[\x81-\xbf][\x80-\xbf]"
    r"|\\{1,4}u(?:00[c-fC-F]|0[1-9a-fA-F]|1[0-9a-fA-F]|[3-9a-dA-D][0-9a-fA-F])[0-9a-fA-F]{1,2}"
)
_LABEL: Final = f"(?:[A-Za-z0-9-]|{_LETTER})+"

PERSONAL: Final = (
    rule(
        "email",
        rf"(?:[A-Za-z0-9._%+-]|{_LETTER}){{1,64}}@{_LABEL}(?:\.{_LABEL}){{0,4}}\.(?:[A-Za-z]{{2,24}}\b|(?:{_LETTER}){{2,24}})",
        r"@[A-Za-z0-9\\\x80-\xff-]+\.",
        _email,
    ),
    rule("iban", r"(?:^|[^A-Za-z0-9])([A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{2,4}){3,8})", "[A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{4}", _iban),
    rule(
        "card",
        r"(?:^|[^0-9A-Za-z._+/-])((?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|2[2-7][0-9]{14}|3[47][0-9]{13}|"
        r"3(?:0[0-5]|[68][0-9])[0-9]{11}|6(?:011|5[0-9]{2}|4[4-9][0-9]|2[0-9]{2})[0-9]{12}|35[0-9]{14}|"
        r"[3-6][0-9]{3}(?:[ -]?[0-9]{4}){3}|3[47][0-9]{2}[ -][0-9]{6}[ -][0-9]{5}))\b",
        "[2-6][0-9]{3}[ -]?[0-9]{4}[ 0-9-]{5,}",
        _card,
    ),
    rule("ssn", r"(?:^|[^0-9A-Za-z._-])([0-9]{3}-[0-9]{2}-[0-9]{4})\b", "[0-9]{3}-[0-9]{2}-[0-9]{4}", _ssn),
    rule(
        "phone",
        r"(?:^|[^A-Za-z0-9+/.])(\+[1-9][0-9]{0,3}(?:[ .-]?\(?[0-9]{2,5}\)?){2,5})\b",
        r"\+[1-9][0-9 ().-]{6,}",
        _phone,
    ),
    rule(
        "phone",
        r"(?:^|[^A-Za-z0-9.+/_-])((?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[.-])[2-9][0-9]{2}[.-][0-9]{4})\b",
        "[2-9][0-9]{2}[.-][0-9]{4}",
        _phone,
    ),
    rule(
        "phone",
        r"(?i)\b(?:phone|mobile|msisdn|telephone|tel)(?:[_ ]?(?:number|no))?[\\'\"]{0,3}\s?[:=]\s?[\\'\"]{0,3}([+0-9][0-9 ().-]{6,18}[0-9])",
        "(?i)(?:phone|mobile|msisdn|tel)",
        _phone,
    ),
    rule("user", r"(?:^|[^A-Za-z0-9_.~-])/(?:home|Users)/([^/\\\s:'\"<>|?*\[\]]{1,64})", "/(?:home|Users)/", _home),
    rule("user", r"(?i)\b[A-Z]:(?:\\{1,4}|/)Users(?:\\{1,4}|/)([^/\\:'\"<>|?*\r\n\[\]]{1,64})", "(?i):(?:\\\\+|/)Users", _home),
    rule("ip", r"(?:^|[^0-9A-Za-z.])((?:[0-9]{1,3}\.){3}[0-9]{1,3})\b", r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]", _address4),
    rule("ip", r"(?:^|[^0-9A-Za-z:.])([23][0-9A-Fa-f]{3}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{0,4})", "[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{2,}", _address6),
)  # fmt: skip
