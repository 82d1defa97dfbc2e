"""Copies in a bucket: what is written, in which order, and what a server that fails makes of it."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from netra_analysis.errors import RequestError, SourceError
from netra_analysis.run import earlier, history
from netra_analysis.run.bucket import EMULATOR, opened
from tests.run.reports import Ended
from tests.run.scheduled import NOW, scheduled


class Storage:
    """A bucket behind the JSON API, as far as it is used: objects by name, in the order in which they came."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.failures: list[int] = []  # what the next requests are answered with instead


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    kept = Storage()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = unquote(urlsplit(self.path).path.partition("/o/")[2])
            self._answer(200 if name in kept.objects else 404, kept.objects.get(name, b""))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if kept.failures:
                self._answer(kept.failures.pop(0), b"")
                return
            kept.objects[parse_qs(urlsplit(self.path).query)["name"][0]] = body
            self._answer(200, b"{}")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(EMULATOR, f"http://127.0.0.1:{server.server_port}")
    yield kept
    server.shutdown()
    server.server_close()


def test_every_file_is_copied_as_it_is_and_the_pointer_turns_last(storage: Storage, report: Path) -> None:
    first = opened("gs://reports/all").send(report)
    when = earlier.name_of(report)
    files = {path.relative_to(report).as_posix(): path.read_bytes() for path in report.rglob("*") if path.is_file()}
    copied = {name.removeprefix(f"all/made-up/{when}/"): body for name, body in storage.objects.items() if when in name}
    assert copied == files
    assert list(storage.objects)[-1] == "all/made-up/latest.json"
    newest = json.loads(storage.objects["all/made-up/latest.json"])
    assert (newest["report"], newest["state"]) == (f"{when}/", "done")
    assert first == f"gs://reports/all/made-up/{when}/postmortem.html"


def test_a_server_that_cannot_just_then_is_asked_again(storage: Storage, report: Path) -> None:
    storage.failures = [503, 429]
    opened("gs://reports").send(report)
    assert "made-up/latest.json" in storage.objects


def test_one_that_refuses_leaves_the_pointer_where_it_was(storage: Storage, report: Path) -> None:
    storage.objects["made-up/latest.json"] = b"before"
    storage.failures = [403]
    with pytest.raises(SourceError, match=r"answered 403 .* roles/storage\.objectUser"):
        opened("gs://reports").send(report)
    assert storage.objects["made-up/latest.json"] == b"before"


@pytest.mark.long
def test_runs_are_remembered_across_disks(storage: Storage, here: Callable[..., Ended], tmp_path: Path) -> None:
    asked = scheduled(tmp_path)
    for disk in ("one", "two"):
        ended = here("run", asked, "--out", tmp_path / disk, "--now", NOW, "--copy-to", "gs://reports")
        assert ended.returncode == 0, ended.stderr
    assert len(history.read(tmp_path / "two", "nightly")) == 2


@pytest.mark.parametrize("place", ["s3://x", "reports/", "gs://"])
def test_another_place_is_refused(place: str) -> None:
    with pytest.raises(RequestError, match="gs://BUCKET/PREFIX"):
        opened(place)
