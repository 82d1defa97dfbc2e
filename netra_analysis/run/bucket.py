"""Copies of published reports in a Cloud Storage bucket, for runs whose own disk goes with them.

A bucket has no rename of folders, so each report gets a folder of its own that is never written to again
(`PREFIX/<incident>/<when it was finished>/`), and `PREFIX/<incident>/latest.json` turns to it last: whoever follows
that finds a whole report or the one before. What is remembered of earlier runs comes from the bucket before a run
and goes back after it. papermill's own `gs://` handler would write the executed notebooks alone, before anybody
has looked whether their kernels lived; and it writes text, which tables are not.
"""

import json
import mimetypes
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from netra_analysis.errors import RequestError, SourceError
from netra_analysis.run import earlier, history, people
from netra_analysis.sources.cloud import importable

EMULATOR = "STORAGE_EMULATOR_HOST"
_HOST, _SCOPE = "https://storage.googleapis.com", "https://www.googleapis.com/auth/devstorage.read_write"
_TIMEOUT_S, _TRIES = 60, 5


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, a prefix in it, and the session that reaches it."""

    name: str
    prefix: str
    host: str
    session: Any

    def fetch(self, out: Path, incident: str) -> None:
        """What people wrote of the incident and what is remembered of its runs, where the bucket has them."""
        for path in (history.path(out, incident), people.notes_path(out, incident)):
            content = self._get(path.name)
            if content is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

    def send(self, report: Path) -> str:
        """Copies a published report; returns the address of its first page. `latest.json` is turned to it last."""
        incident, when = report.name, earlier.name_of(report)
        state = json.loads((report / "run.json").read_text(encoding="utf-8"))
        for path in sorted(path for path in report.rglob("*") if path.is_file()):
            self._put(f"{incident}/{when}/{path.relative_to(report).as_posix()}", path.read_bytes())
        remembered = history.path(report.parent, incident)
        if remembered.is_file():
            self._put(remembered.name, remembered.read_bytes())
        kept = ("state", "verdict", "finished", "window", "failed", "failed_requests", "data_until")
        newest = {"report": f"{when}/", **{name: state.get(name) for name in kept}}
        self._put(f"{incident}/latest.json", json.dumps(newest).encode())
        return f"gs://{self.name}/{self._full(f'{incident}/{when}/postmortem.html')}"

    def _full(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _get(self, name: str) -> bytes | None:
        address = f"{self.host}/storage/v1/b/{self.name}/o/{quote(self._full(name), safe='')}?alt=media"
        answer = self._asked("GET", address)
        content: bytes | None = None if answer.status_code == 404 else answer.content
        return content

    def _put(self, name: str, content: bytes) -> None:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        address = (
            f"{self.host}/upload/storage/v1/b/{self.name}/o?uploadType=media&name={quote(self._full(name), safe='')}"
        )
        answer = self._asked("POST", address, {"Content-Type": kind}, content)
        if answer.status_code == 404:
            raise SourceError(f"there is no bucket {self.name}, or it may not be seen; make it, or give another")

    def _asked(self, method: str, address: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Any:
        """The answer, a 404 included; any other refusal is a `SourceError`."""
        requests = importable("requests")
        try:
            answer = self.session.request(method, address, data=body, headers=dict(headers or {}), timeout=_TIMEOUT_S)
        except (requests.RequestException, importable("google.auth.exceptions").GoogleAuthError) as error:
            raise SourceError(f"the bucket {self.name} cannot be reached: {error}") from error
        if answer.status_code >= 400 and answer.status_code != 404:
            raise SourceError(
                f"the bucket {self.name} answered {answer.status_code} to {method}; "
                "the service account needs roles/storage.objectUser on it"
            )
        return answer


def opened(place: str) -> Bucket:
    """The bucket of `gs://BUCKET/PREFIX`, with the credentials of the environment."""
    name, _, prefix = place.removeprefix("gs://").partition("/")
    if not place.startswith("gs://") or not name:
        raise RequestError(f"--copy-to is {place!r}; write it as gs://BUCKET/PREFIX")
    emulator = os.environ.get(EMULATOR, "")
    host = emulator if "://" in emulator or not emulator else f"http://{emulator}"
    return Bucket(name, prefix.strip("/"), host.rstrip("/") or _HOST, _session(anonymous=bool(emulator)))


def _session(*, anonymous: bool) -> Any:
    """A session that tries again what a server could not do just then; the same name is written with the same bytes."""
    requests, retry = importable("requests"), importable("urllib3.util").Retry
    if anonymous:
        session = requests.Session()
    else:
        try:
            credentials, _ = importable("google.auth").default(scopes=[_SCOPE])
        except importable("google.auth.exceptions").GoogleAuthError as error:
            raise SourceError(f"--copy-to needs credentials: {error}") from error
        session = importable("google.auth.transport.requests").AuthorizedSession(credentials)
    again = retry(_TRIES, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None, backoff_factor=1.0)
    adapter = importable("requests.adapters").HTTPAdapter(max_retries=again)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session
