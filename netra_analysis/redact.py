"""What never leaves: credentials, e-mails, public addresses. Applied at load, before anything is kept.

The value is replaced, never the line. Equal values get equal tokens within one incident, so that they can
still be compared: `[email:3f9a1c]`. Tokens are keyed hashes (BLAKE2b) and cannot be read back without the
key and a guess.
"""

import hashlib
import ipaddress
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import re2


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret. `hint` is a lower-case substring without which the pattern cannot match."""

    kind: str
    pattern: Any
    hints: tuple[str, ...]
    group: int = 0
    accept: Callable[[str], bool] | None = None


def _public_address(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


def _rule(kind: str, pattern: str, *hints: str, group: int = 0, accept: Callable[[str], bool] | None = None) -> Rule:
    return Rule(kind, re2.compile(pattern), hints, group, accept)


_CREDENTIAL_WORDS = "|".join(
    (
        *("password", "passwd", "pwd", "secret", "api[_-]?key", "access[_-]?token", "refresh[_-]?token"),
        *("client[_-]?secret", "private[_-]?key"),
    )
)
_EMPTY_WORDS = ("REDACTED", "[", "***", "NONE", "NULL", "TRUE", "FALSE")


def _credential(value: str) -> bool:
    return not value.upper().startswith(_EMPTY_WORDS)


RULES: tuple[Rule, ...] = (
    _rule(
        "private_key",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
        "--begin",
    ),
    _rule("jwt", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?", "eyj"),
    _rule("bearer", r"(?i)\bbearer\s+([A-Za-z0-9._~+/=-]{16,})", "bearer", group=1),
    _rule(
        "basic_auth",
        r"(?i)\bauthorization['\"]?\s*[:=]\s*['\"]?basic\s+([A-Za-z0-9+/=]{8,})",
        "basic",
        group=1,
    ),
    _rule(
        "url_password",
        r"[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@'\"]{0,80}:([^\s/@'\"]{1,200})@",
        "://",
        group=1,
    ),
    _rule("google_api_key", r"\bAIza[0-9A-Za-z_-]{35}", "aiza"),
    _rule("google_oauth", r"\bya29\.[0-9A-Za-z_-]{20,}", "ya29."),
    _rule("google_oauth_secret", r"\bGOCSPX-[0-9A-Za-z_-]{20,}", "gocspx"),
    _rule("aws_key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", "akia", "asia"),
    _rule("openai_key", r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}", "sk-"),
    _rule("github_token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})", "gh", "github_pat"),
    _rule("slack_token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}", "xox"),
    _rule("stripe_key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}", "k_live_", "k_test_"),
    _rule("signature", r"(?i)X-Goog-(?:Signature|Credential)=([^&\s'\"]{8,})", "x-goog-", group=1),
    _rule("cookie", r"(?i)\b(?:set-)?cookie['\"]?\s*[:=]\s*['\"]?([^\s'\"][^\r\n'\"]{7,})", "cookie", group=1),
    _rule(
        "password",
        rf"(?i)(?:{_CREDENTIAL_WORDS})['\"]?\s*[:=]\s*['\"]?([^\s'\",;&}}\])]{{6,}})",
        *("passw", "pwd", "secret", "key", "token"),
        group=1,
        accept=_credential,
    ),
    _rule("email", r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+){0,4}\.[A-Za-z]{2,24}\b", "@"),
    _rule("ip", r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b", ".", accept=_public_address),
    _rule("ip", r"\b[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}\b", ":", accept=_public_address),
)


@dataclass(slots=True)
class Redactor:
    """Replaces secrets in text and counts them by kind. One redactor serves one load."""

    key: str
    counts: Counter[str] = field(default_factory=Counter)

    def __call__(self, text: str) -> str:
        """`text` with every secret replaced by `[kind:token]`."""
        if len(text) < 6:
            return text
        lowered = text.lower()
        for rule in RULES:
            if any(hint in lowered for hint in rule.hints):
                text = self._apply(rule, text)
        return text

    def token(self, kind: str, value: str) -> str:
        mark = hashlib.blake2b(value.encode("utf-8", "replace"), key=self.key.encode()[:64], digest_size=3)
        return f"[{kind}:{mark.hexdigest()}]"

    def _apply(self, rule: Rule, text: str) -> str:
        parts, last = [], 0
        for match in rule.pattern.finditer(text):
            value = match.group(rule.group)
            if value is None or (rule.accept and not rule.accept(value)):
                continue
            start, end = match.span(rule.group)
            parts += [text[last:start], self.token(rule.kind, value)]
            last = end
            self.counts[rule.kind] += 1
        return "".join([*parts, text[last:]]) if parts else text
