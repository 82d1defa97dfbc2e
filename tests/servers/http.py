"""A local HTTP server for tests: JSON in, JSON out, every request kept."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class Dropped(Exception):  # noqa: N818 (what it is to the caller)
    """The connection is closed without an answer."""


class Refusal(Exception):  # noqa: N818 (what it is to the caller)
    """An error as Google's APIs word it."""

    def __init__(self, status: int, reason: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.retry_after = status, reason, message, retry_after

    def to_json(self) -> dict[str, Any]:
        one = {"reason": self.reason, "message": self.message, "domain": "global"}
        return {"error": {"code": self.status, "message": self.message, "errors": [one], "status": self.reason}}


Answer = Callable[[Request], Mapping[str, Any]]


@dataclass
class Served:
    url: str
    seen: list[Request] = field(default_factory=list)


@contextmanager
def serving(answer: Answer) -> Iterator[Served]:
    """`answer` behind http://127.0.0.1:PORT until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            body = json.loads(self.rfile.read(length) or b"{}")
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            request = Request(self.command, unquote(parts.path), query, body, dict(self.headers))
            served.seen.append(request)
            wait = None
            try:
                status, content = 200, answer(request)
            except Dropped:
                self.close_connection = True
                return
            except Refusal as refusal:
                status, content, wait = refusal.status, refusal.to_json(), refusal.retry_after
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(data)))
            if wait is not None:
                self.send_header("Retry-After", str(wait))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = handle_any  # noqa: N815 (the names http.server calls)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Served(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
