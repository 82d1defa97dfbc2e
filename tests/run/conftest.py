"""What the tests of runs share: the command line without the seconds that a new Python takes."""

import copy
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from netra_analysis.cli import main
from netra_analysis.investigation import Investigation
from netra_analysis.run import verify
from tests.run.reports import Ended, quick

_SEEN: dict[str, dict[str, Any]] = {}
_evidence = verify.evidence


def _content(held: Investigation) -> str:
    """A hash of all that evidence is computed from: every value of every table, parameters and coverage."""
    sink = hashlib.sha256(repr(held.params).encode())
    sink.update(json.dumps(held.tables.coverage.to_json(), sort_keys=True).encode())
    for name, table in held.tables.items():
        stream = pa.BufferOutputStream()
        with pa.ipc.new_stream(stream, table.schema) as writer:
            writer.write_table(table)
        sink.update(name.encode() + stream.getvalue().to_pybytes())
    return sink.hexdigest()


@pytest.fixture(autouse=True)
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence is rebuilt once for each content of a capsule; most tests here change what is held against it."""

    def evidence(held: Investigation) -> dict[str, Any]:
        content = _content(held)
        if content not in _SEEN:
            _SEEN[content] = _evidence(held)
        return copy.deepcopy(_SEEN[content])

    monkeypatch.setattr(verify, "evidence", evidence)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report that nobody changes; its params file lies beside `out`."""
    return quick(tmp_path_factory.mktemp("made"))


@pytest.fixture
def report(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "made-up"))


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """The command line in this process."""

    def call(*arguments: object) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call
