"""What equal means between two sources of one incident."""

import json
from typing import Any

from netra_analysis.logtext.names import stored
from netra_analysis.reconstruct.handled import handled
from netra_analysis.run.evidence import evidence


def assert_equal(here: Any, there: Any, *, lowered: bool) -> None:
    """Tables and findings of two incidents, to the last value.

    A sink writes the names of the service's own fields in lower case (`lowered`); raw payloads and labels are
    compared under such names then, and everything that is made of them as it is.
    """
    for (name, ours), (_, theirs) in zip(here.tables.items(), there.tables.items(), strict=True):
        for column in theirs.column_names:
            raw = lowered and name == "entries" and column in ("json", "labels")
            read = _folded if raw else lambda value: value
            told = f"{name}.{column}"
            assert [read(v) for v in ours[column].to_pylist()] == [read(v) for v in theirs[column].to_pylist()], told
    ours, theirs = (handled(incident.tables, incident.params.asked) for incident in (here, there))
    assert ours.equals(theirs)
    found, wanted = (json.loads(json.dumps(evidence(incident))) for incident in (here, there))
    assert found.pop("coverage")["streams"] == wanted.pop("coverage")["streams"]
    assert found == wanted


def _folded(text: str | None) -> Any:
    return None if text is None else stored(json.loads(text))
