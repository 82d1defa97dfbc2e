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
        r"|jmeter|artillery|postman|newman|insomnia|apachebench|\bwrk\b|\bhey/|lighthouse"
        r"|synthetics?\b|checkly|catchpoint|gatling|\bsiege/|vegeta|autocannon",
    ),
    (
        "script",
        r"^python|aiohttp|httpx|urllib|websockets|^curl|^wget|go-http-client|^node|undici|axios|\bgot\b|okhttp|^java/"
        r"|apache-httpclient|libwww|^ruby|faraday|guzzle|^php|^rust|reqwest|^dart|grpc|powershell|google-cloud"
        r"|cloudpubsub|apis-google|google-api|httpie|^axel|bot\b|crawler|spider",
    ),
    ("browser", r"^mozilla/|^opera/|applewebkit"),
)
_ALL: Final = re2.Set.SearchSet()  # one pass over an agent finds all rules that fit; the first of them counts
for _, _pattern in _RULES:
    _ALL.Add(f"(?i){_pattern}")
_ALL.Compile()


def client_class(method: str | None, user_agent: str | None, has_origin_hint: bool = False) -> ClientClass:
    """The client's class; `has_origin_hint` says that the request carried an Origin, as a preflight does."""
    agent = encodable((user_agent or "")[:_LONGEST]).strip()
    found = _ALL.Match(agent)
    kind: ClientClass = _RULES[min(found)][0] if found else "other"
    preflight = (method or "").upper() == "OPTIONS" and (kind == "browser" or has_origin_hint)
    return "preflight" if preflight else kind
