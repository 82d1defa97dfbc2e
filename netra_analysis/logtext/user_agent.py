"""Who is asking: the class of a request's client, from its method and its user agent.

A health check's 200s and a preflight's 200s say nothing about the service's users, so they are told apart
before any rate is computed.
"""

from typing import Final, Literal

import re2

from netra_analysis.logtext.encodable import encodable

NOT_REAL = ("preflight", "uptime_check")  # what no user asked for: counted apart everywhere
ClientClass = Literal["preflight", "uptime_check", "browser", "test_client", "script", "scanner", "other"]

_LONGEST: Final = 1000
_RULES: Final[tuple[tuple[ClientClass, str], ...]] = (
    (
        "uptime_check",
        r"googlehc|uptimechecks|kube-probe|elb-healthchecker|uptimerobot|pingdom|statuscake|site24x7|better ?uptime"
        r"|better ?stack|health-?check|uptime-kuma|blackbox",
    ),
    (
        "scanner",
        r"scanner|nmap|nikto|sqlmap|zgrab|masscan|nuclei|censys|expanse|palo ?alto|l9explore|gobuster|dirbuster|wpscan"
        r"|acunetix|nessus|shodan|fuzz|internet-?measurement",
    ),
    (
        "test_client",
        r"e2e|\btests?\b|-tests?/|testclient|playwright|cypress|headless|selenium|webdriver|puppeteer|pytest|\bk6/|locust"
        r"|jmeter|artillery|postman|newman|insomnia|apachebench|\bwrk\b|\bhey/|lighthouse",
    ),
    (
        "script",
        r"^python|aiohttp|httpx|urllib|websockets|^curl|^wget|go-http-client|^node|undici|axios|\bgot\b|okhttp|^java/"
        r"|apache-httpclient|libwww|^ruby|faraday|guzzle|^php|^rust|reqwest|^dart|grpc|powershell|google-cloud"
        r"|cloudpubsub|apis-google|google-api|httpie|^axel|bot\b|crawler|spider",
    ),
    ("browser", r"^mozilla/|^opera/|applewebkit"),
)
_COMPILED: Final = tuple((kind, re2.compile(f"(?i){pattern}")) for kind, pattern in _RULES)
# Most requests are a browser's, and no rule before that one fits them: that takes one search to know, not four.
_BEFORE_BROWSERS: Final = re2.compile("(?i)" + "|".join(pattern for kind, pattern in _RULES if kind != "browser"))


def client_class(method: str | None, user_agent: str | None, has_origin_hint: bool = False) -> ClientClass:
    """The client's class; `has_origin_hint` says that the request carried an Origin, as a preflight does."""
    agent = encodable((user_agent or "")[:_LONGEST]).strip()
    kind = _kind(agent)
    preflight = (method or "").upper() == "OPTIONS" and (kind == "browser" or has_origin_hint)
    return "preflight" if preflight else kind


def _kind(agent: str) -> ClientClass:
    for kind, pattern in _COMPILED if _BEFORE_BROWSERS.search(agent) else _COMPILED[-1:]:
        if pattern.search(agent):
            return kind
    return "other"
