"""Telling somebody how a run ended: a command that gets JSON on stdin, or an address to which it is posted.

Off unless `--notify` or NETRA_ANALYSIS_NOTIFY names one. It has ten seconds, and whatever becomes of it, the run
stays what it was: that it failed is said and recorded, and nothing more.
"""

import http.client
import json
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from netra_analysis.errors import RequestError

LIMIT_S = 10.0
VARIABLE = "NETRA_ANALYSIS_NOTIFY"


def checked(target: str) -> str:
    """`target`, when it is a command or an http(s) address; a wrong one is told before anything runs."""
    scheme, _, rest = target.partition("://")
    if rest and " " not in scheme and scheme not in ("http", "https"):
        raise RequestError(f"--notify is an address of {scheme}; give one of https, or a command")
    try:
        words = shlex.split(target)
    except ValueError as error:
        raise RequestError(f"--notify cannot be read as a command: {error}; quote it as a shell would") from error
    if not words:
        raise RequestError("--notify is empty; give a command or an https address")
    return target


def told(target: str, said: Mapping[str, Any]) -> str:
    """Tells `target`; returns `ok`, or why it was not reached. An address is not repeated: it may hold a secret."""
    body = json.dumps(said, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return _posted(target, body) if target.startswith(("http://", "https://")) else _run(target, body)


def _run(command: str, body: bytes) -> str:
    words = shlex.split(command)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:  # no pipe: a grandchild may hold one
        given.write(body)
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 (the command is what was asked for)
                words, stdin=given, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
            )
        except OSError as error:
            return f"{words[0]} could not be started: {error.strerror or error}"
        try:
            code = process.wait(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"{words[0]} did not end within {LIMIT_S:.0f} s"
        said.seek(0)
        last = said.read(1 << 16).decode("utf-8", "replace").strip().splitlines()[-1:]
    return f"{words[0]} ended with {code}: {' '.join(last)[:200]}" if code else "ok"


def _posted(address: str, body: bytes) -> str:
    """In a thread, because a socket's time-out counts anew with each byte of a slow answer."""
    answers: list[str] = []
    post = threading.Thread(target=lambda: answers.append(_answer(address, body)), daemon=True)
    post.start()
    post.join(LIMIT_S)
    return answers[0] if answers else f"the address did not answer within {LIMIT_S:.0f} s"


def _answer(address: str, body: bytes) -> str:
    headers = {"Content-Type": "application/json", "User-Agent": "netra-analysis"}
    request = urllib.request.Request(address, body, headers, method="POST")  # noqa: S310 (checked: http or https)
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310
            answer.read(1)
    except urllib.error.HTTPError as error:
        return f"the address answered {error.code}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"the address could not be reached: {str(getattr(error, 'reason', error))[:200]}"
    return "ok"
