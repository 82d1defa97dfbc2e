"""The secret behind the tokens of redacted values: this user's own, drawn once, never published.

Without it a guess could be confirmed by whoever holds a report, because all else that a token is made of is in
there. It is kept for this user, outside of reports, so that the same data give the same bytes again and answers
that were paid for are found again; where nothing can be kept, each run draws its own.
"""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

from netra_analysis.errors import RequestError
from netra_analysis.params import Params

VARIABLE: Final = "NETRA_ANALYSIS_SALT"
_SIZE: Final = 32  # bytes
_drawn: Final = secrets.token_bytes(_SIZE)  # for this process, where none can be kept


def redaction_key(params: Params) -> str:
    """The key of this incident's tokens; that of planted data is public, because nobody is in them."""
    names = f"{params.project}/{params.service}/{params.incident}"
    return names if params.synthetic else hashlib.blake2b(names.encode(), key=_salt(), digest_size=32).hexdigest()


def _salt() -> bytes:
    """From the file that NETRA_ANALYSIS_SALT names, else the one kept for this user."""
    if named := os.environ.get(VARIABLE):
        return _given(Path(named).expanduser())
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    try:
        return _kept(Path(home).expanduser() / "netra-analysis" / "salt")
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return _drawn


def _given(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RequestError(f"{VARIABLE} names {path}, which cannot be read: {error.strerror}; give a file") from error
    if len(content) < 16:
        raise RequestError(f"{VARIABLE} names {path}, which holds {len(content)} bytes; give at least 16 random ones")
    return hashlib.blake2b(content, digest_size=_SIZE).digest()


def _kept(path: Path) -> bytes:
    """What `path` holds; made whole or not at all, and the first one there wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(_drawn)
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another run was first; its salt is read below
        finally:
            draft.unlink()
    return path.read_bytes()[:_SIZE] or _drawn
