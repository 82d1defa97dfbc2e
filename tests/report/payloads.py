"""Hostile texts: a sample of the shared collection where it lies beside the project, else a short list."""

import json
from pathlib import Path

COLLECTION = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "xss" / "payloads.jsonl"
OWN = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea></style></pre><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<body onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<iframe src=javascript:alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<meta http-equiv=refresh content='0;url=https://example.org/'>",
    "<base href=https://example.org/>",
    "<link rel=stylesheet href=https://example.org/x.css>",
    "<style>@import 'https://example.org/x.css';</style>",
    "<form action=https://example.org/><button>x</button></form>",
    "<img src=https://example.org/a.png>",
    "<script src=https://example.org/x.js></script>",
    "<iframe src=https://example.org/frame></iframe>",
    "<object data=https://example.org/o></object>",
    "<video src=https://example.org/v.mp4 autoplay></video>",
    "<div style='background:url(https://example.org/b.png)'>x</div>",
    "[x](javascript:alert(1))",
    "![x](https://example.org/x.png)",
    "<a href=javascript:alert(1)>x</a>",
    "{{7*7}}{% for x in y %}",
    "${alert(1)}",
    "]]><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "\x00<script>alert(1)</script>",
    "\u202e<script>alert(1)</script>\u202c",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '{"__proto__": {"x": "<img src=x onerror=alert(1)>"}}',
    '=HYPERLINK("https://example.org")',
    "datum.value; alert(1)",
)


def collection() -> list[str]:
    """All of the shared collection; nothing where it is not beside the project."""
    if not COLLECTION.exists():
        return []
    lines = COLLECTION.read_text(encoding="utf-8", errors="replace").splitlines()
    return [text for text in map(json.loads, lines) if isinstance(text, str) and text.strip()]


def payloads(count: int = 300) -> list[str]:
    """Every n-th text of the collection, with our own in front."""
    known = collection()
    if not known:
        return list(OWN)
    wanted = count - len(OWN)
    return [*OWN, *(known[i * len(known) // wanted] for i in range(wanted))]
