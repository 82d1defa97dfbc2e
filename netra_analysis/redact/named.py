"""Secrets that only their name betrays: `password=…`, `"api_key": "…"`, `Authorization: …`, `?sig=…`.

How much a value must look like a secret depends on how much its name says. Behind `password` anything counts
that is no word for its absence; behind `key` or a provider's name only what looks drawn at random.
"""

import re
from typing import Any, Final

from netra_analysis.redact.rule import Accept, Rule, Span, rule, whole

_PASSWORDS: Final = r"passw(?:or)?ds?|passwd|passphrase|passcode|pwd|(?:smtp|db|mysql|pg|redis|user|root)_?pass"
_SECRETS: Final = (
    r"secrets?|tokens?|api[ _.-]?keys?|access[ _.-]?keys?|secret[ _.-]?keys?|private[ _.-]?keys?|"
    r"(?:signing|encryption|master|account|shared|service|storage|consumer|client|auth|host|server|crypt)"
    r"[ _.-]?keys?(?:[ _.-]?data)?|"
    r"credentials?|creds|authkey|session[ _.-]?(?:id|key)|sess(?:ion)?id|csrf|xsrf|otp|mfa[ _.-]?code|signature|"
    r"id_?token|auth_?code|x-goog-credential"
)
_WEAK: Final = (
    r"keys?|auth|sig|sid|session|nonce|salt|hmac|code|identifier_hash|"
    r"adafruit|adobe|airtable|algolia|alibaba|aliyun|anthropic|artifactory|asana|atlassian|auth0|azure|beamer|"
    r"bitbucket|bittrex|bugsnag|circleci|meraki|cloudflare|cloudinary|codecov|cohere|coinbase|confluence|confluent|"
    r"contentful|databricks|datadog|digitalocean|discord|doppler|drone_?ci|dropbox|duffel|dynatrace|etsy|facebook|"
    r"fastly|figma|finicity|finnhub|flickr|flutterwave|freshbooks|gitter|gocardless|grafana|heroku|hubspot|intercom|"
    r"jfrog|jira|kraken|kucoin|launchdarkly|linear|linkedin|lob|looker|mailchimp|mailgun|mapbox|mattermost|maxmind|"
    r"messagebird|message-bird|mistral|netlify|new-?relic|newyorktimes|new-york-times|notion|nytimes|okta|openai|"
    r"pagerduty|plaid|postman|privateai|private-ai|pulumi|rapidapi|scalingo|sendbird|sendgrid|sendinblue|sentry|"
    r"shopify|slack|snyk|sonar|square|squarespace|stripe|sumo_?logic|telegram|telegr|travis|trello|twilio|twitch|"
    r"twitter|typeform|wandb|webflow|yandex|zendesk"
)
_SUFFIX: Final = r"[A-Za-z0-9_.\-]{0,30}"
_LOOSE: Final = r"[A-Za-z0-9_.\- \t]{0,24}?"
_SIGN: Final = r"[\\'\"\x60\])]{0,4}[ \t]{0,3}(?:=>|:=|:{1,3}=?|={1,3}|\?=|\|\|:?|<=|>|,)"
_OPEN: Final = r"[ \t=]{0,5}(?:(?:SecretStr|SecretBytes|String)\()?(?:b|u|r|f)?"
# Quoted up to the quote, else up to what cannot be part of a value.
_QUOTED: Final = r"\\{0,4}(?:\"([^\"\\\r\n]{4,})|'([^'\\\r\n]{4,})|\x60([^\x60\\\r\n]{4,}))"
_BARE: Final = r"([^\s'\"\x60,;&<>(){}\[\]\\]{4,})"
_VALUE: Final = f"{_SIGN}{_OPEN}(?:{_QUOTED}|{_BARE})"

_ABSENT: Final = re.compile(
    rb"(?i)(?:\[|\*{3}|x{4,}|\.{3}|<|\$\{|\{\{|%[sdr(]|redacted|masked|hidden|removed|filtered|none\b|null\b|nil\b|"
    rb"true\b|false\b|undefined|unset|missing|empty|invalid|required|expired|optional|not[ _-]|no[ _]|is[ _]|"
    rb"present|found|absent|valid\b|set\b|str\b|string\b|int\b|bool|bytes\b|object|list|dict|enabled|disabled|"
    rb"ok\b|failed|success|unknown|default\b|changeme|n/a|todo|reset\b|updated?\b|deleted?\b|created?\b|<)"
)
_BENIGN: Final = re.compile(
    rb"(?i)(?:idempot|cache|partition|primary|foreign|sort|rout|public|dedup|group|object|row|index|unique|composite|"
    rb"keyboard|key[_ -]?(?:id|name|type|error|size|length|count|path|ring|space|value)|keyerror|monkey|"
    rb"max[_ ]?tokens|token[_ -]?(?:count|type|limit|usage|name|uri|url|len|budget)|tokens[_ -](?:used|per|left)|"
    rb"(?:prompt|completion|total|input|output)[_ -]?tokens|"
    rb"secret[_ -]?(?:name|manager|version|id\b|length|path|ref)|status[_ -]?code|exit[_ -]?code|"
    rb"auth[_ -]?(?:fail|state|type|method|mode)|error[_ -]?code|http[_ -]?code|response[_ -]?code|country[_ -]?code|zip[_ -]?code|author|authority)"
)
_WORDS: Final = re.compile(rb"[A-Za-z]+(?:[_. -][A-Za-z]+)*[.:!]?")
_PART: Final = re.compile(rb"[A-Za-z0-9]+")
_NAME: Final = re.compile(rb"[\w. \t-]+")
_KEY: Final = re.compile(rb"[\\'\"]+\s*:")
_CODED: Final = re.compile(rb"[^./:]*[0-9][^./:]*")
_STEPS: Final = re.compile(rb"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")
_PUNCTUATED: Final = re.compile(rb"[!#$%^*+~=|]")
_CODE: Final = re.compile(
    rb"(?:\.{0,2}(?:/[a-z0-9_.-]+)+/?$|[A-Za-z]:\\|https?://|[a-z_]+\.[a-z_.]+\(|os\.environ|self\.|settings\.)"
)


def drawn(value: bytes, least: int) -> bool:
    """Whether `value` looks drawn at random: long, and changing between letters and digits as no word does."""
    if len(value) < least or _CODE.match(value):
        return False
    longest = max(_PART.findall(value), key=len, default=b"")
    if len(longest) < min(8, least):
        return False
    if longest.isdigit():
        return False
    steps = len(_STEPS.findall(longest))
    return steps >= 3 or (len(longest) >= 20 and steps == 0 and len(set(longest.lower())) >= 8 and _hard(longest))


def _hard(word: bytes) -> bool:
    """Whether a run of letters cannot be spoken: too few vowels for its length."""
    vowels = sum(letter in b"aeiouyAEIOUY" for letter in word)
    return vowels < len(word) / 3.6


def _absent(value: bytes) -> bool:
    return bool(_ABSENT.match(value))


def _spaced(match: Any) -> bool:
    """Whether the name is several words: a sentence rather than an assignment."""
    name = _NAME.match(match.group())
    return name is not None and b" " in name.group().strip()


def _password(_data: bytes, match: Any) -> Span | None:
    span = whole(match)
    value = match.string[span[0] : span[1]]
    spaced = _spaced(match)
    sign = match.string[span[0] - 1 : span[0]]
    if _absent(value) or _CODE.match(value) or _listed(match, span):
        return None
    if sign in b" \t" and _WORDS.fullmatch(value) and b"=" not in match.group()[: span[0] - match.start()]:
        return None  # "password: expired", "password reset: done": words, and no assignment
    return None if spaced and not drawn(value, 8) and not _PUNCTUATED.search(value) else span


def _secret(_data: bytes, match: Any) -> Span | None:
    span = whole(match)
    value, name = match.string[span[0] : span[1]], match.string[max(0, match.start() - 16) : span[0]]
    if _absent(value) or _BENIGN.search(name) or _CODE.match(value) or _listed(match, span):
        return None
    if drawn(value, 8):
        return span
    plain = _WORDS.fullmatch(value) or value.isdigit() or len(value) < 6 or b" " in value or _spaced(match)
    said = match.string[span[0] - 1 : span[0]] in b" \t" and not _CODED.fullmatch(value)
    return None if plain or said else span


def _weak(_data: bytes, match: Any) -> Span | None:
    span = whole(match)
    value, name = match.string[span[0] : span[1]], match.string[max(0, match.start() - 16) : span[0]]
    if _absent(value) or _BENIGN.search(name) or b" " in value or _listed(match, span):
        return None
    return span if drawn(value, 15) else None


def _loose(_data: bytes, match: Any) -> Span | None:
    span = whole(match)
    value, name = match.string[span[0] : span[1]], match.string[max(0, match.start() - 16) : span[0]]
    return None if _BENIGN.search(name) or _listed(match, span) or not drawn(value, 8) else span


def _listed(match: Any, span: Span) -> bool:
    """Whether a comma stands between name and value: two items of a list, or a key and the next one."""
    between = match.string[match.start() : span[0]].rstrip(b" \t'\"\\")
    if not between.endswith(b","):
        return False
    return _KEY.match(match.string, span[1]) is not None or not drawn(match.string[span[0] : span[1]], 16)


def _flag(_data: bytes, match: Any) -> Span | None:
    span = whole(match)
    return span if drawn(match.string[span[0] : span[1]], 8) else None


def _login(_data: bytes, match: Any) -> Span | None:
    span = whole(match)
    return None if match.string[span[0] : span[1]].isdigit() else span


def _userinfo(_data: bytes, match: Any) -> Span | None:
    """`://user:…@host`, and not a port with a path that holds an @."""
    span = whole(match)
    value = match.string[span[0] : span[1]]
    port, slash, _ = value.partition(b"/")
    return None if (slash and port.isdigit()) or value.startswith((b"[", b"***")) else span


def _named(kind: str, words: str, accept: Accept, between: str = _SUFFIX) -> Rule:
    return rule(kind, f"(?i)(?:{words}){between}{_VALUE}", f"(?i)(?:{words})", accept)


def fields(names: tuple[str, ...]) -> Rule | None:
    """A rule for fields that someone named: their value goes whatever it looks like."""
    if not names:
        return None
    words = "|".join(re.escape(name).replace("\\-", "-") for name in names)
    value = (
        rf"[\\'\"]{{0,3}}[ \t]{{0,3}}[:=][ \t]{{0,3}}(?:{_QUOTED.replace('{4,}', '+')}|{_BARE.replace('{4,}', '+')})"
    )
    return rule("field", rf"(?i)\b(?:{words}){value}", f"(?i)(?:{words})", _present)


def _present(_data: bytes, match: Any) -> Span | None:
    span = whole(match)
    return None if match.string[span[0] : span[1]].startswith(b"[") else span


NAMED: Final = (
    rule(
        "url_password",
        r"[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@'\"<>]{0,80}:([^\s@'\"<>]{1,})@",
        "://[^\\s/@]*:[^\\s@]*@",
        _userinfo,
    ),
    rule("bearer", r"(?i)\bbearer['\"\\]{0,3}[\s:=]{1,4}['\"\\]{0,3}([A-Za-z0-9._~+/=-]{16,})", "(?i)bearer"),
    rule(
        "basic_auth",
        r"(?i)authorization[\\'\"]{0,4}\s{0,3}[:=]\s{0,3}[\\'\"]{0,4}basic\s+([A-Za-z0-9+/=_-]{8,})",
        "(?i)basic",
    ),
    rule(
        "authorization",
        r"(?i)authorization[\\'\"]{0,4}\s{0,3}[:=]\s{0,3}[\\'\"]{0,4}"
        r"(?:(?:digest|token|ssws|api-?key|negotiate|hawk|key|ntlm)\s+)?(?:[a-z]+=[\\'\"]{0,2}[^\s'\",]{1,80}['\"]?,?\s{0,2})*"
        r"([^\s'\"\\,;\[\]]{8,})",
        "(?i)authorization",
        _flag,
    ),
    rule("authorization", r"(?i)\b(?:response|credential|cnonce)=[\\'\"]{0,2}([A-Za-z0-9/+_%-]{16,})", accept=_flag),
    rule("signature", r"(?i)X-(?:Goog|Amz)-(?:Signature|Credential|Security-Token)=([^&\s'\"]{8,})", "(?i)X-(?:Goog|Amz)-"),
    rule("signature", r"(?i)[?&;](?:sig|signature|hmac|token|code|key|auth|session|jwt|state)=([^&\s'\"<>]{16,})", accept=_flag),
    rule(
        "cookie",
        r"(?i)\b(?:set-)?cookies?[\\'\"]{0,4}\s{0,3}[:=]\s{0,3}[\\'\"]{0,4}"
        r"((?:[A-Za-z0-9_.$%!~*+|-]{1,128}=(?:\\?\"[^\"\r\n]*\"|[^\s;'\"\\]*)(?:;[ ]?|))+)",
        "(?i)cookie",
        _present,
    ),
    _named("password", _PASSWORDS, _password),
    _named("password", _PASSWORDS, _loose, _LOOSE),
    _named("password", _SECRETS, _secret),
    _named("password", _SECRETS, _loose, _LOOSE),
    _named("password", rf"(?:\b|_|-|\.)(?:{_WEAK})", _weak, _LOOSE),
    rule(
        "password",
        r"(?i)(?:\b|--|_)(?:passw(?:or)?d|passwd|pwd|secret|token|api-?key)[ \t]+['\"]?([^\s'\",;]{8,})",
        "(?i)(?:passw|pwd|secret|token|key)",
        _flag,
    ),
    rule("password", r"(?:\s|^)(?:-u|--user)[ =]['\"]?[^\s:'\"]{1,64}:([^\s'\"]{6,})", "-u", _login),
    rule("key_material", r"(?m)^[ \t]*([A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{76})[ \t\r]*$", "[A-Za-z0-9+/]{64}", _flag),
)  # fmt: skip
