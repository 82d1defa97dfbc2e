"""What the tests of runs share: the command line without the seconds that a new Python takes."""

from collections.abc import Callable

import pytest

from netra_analysis.cli import main
from tests.run.reports import Ended


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """The command line in this process."""

    def call(*arguments: object) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call
