"""The casebook: planted incidents with a known cause, as raw log entries and metrics. All synthetic.

    traffic → fleet → instance → pool       the bundled incident's mechanism: arrivals, routing, memory, connections
    signals                                 what can be seen of it: replies and events
    narrator, boot, audit, metrics, truth   who listens, and writes it down
    incident, staging_20250902              the bundled scenario, as data over that mechanism
    engine                                  the general mechanism: demand → cluster → worker → loop, pool, backends
    voices                                  three services, how each speaks, what its libraries say
    cases, catalogue                        the catalogue: incidents over seeds, twins, quiet days

`write` puts one incident into a folder; `record` gives the same as values; `vary` gives the same scenario
another course.
"""

import gzip
from pathlib import Path
from typing import Final

from netra_analysis.casebook.cases.case import Case
from netra_analysis.casebook.cases.circumstances import DRAWN, STREAMS, WHOLE
from netra_analysis.casebook.cases.record import record_case
from netra_analysis.casebook.catalogue import CASES, QUIET, TWINS
from netra_analysis.casebook.incident import Incident as Bundled
from netra_analysis.casebook.recording import Recording, params_text, readme_text
from netra_analysis.casebook.recording import record as record_bundled
from netra_analysis.casebook.staging_20250902 import STAGING_20250902
from netra_analysis.errors import RequestError

__all__ = [
    "DRAWN",
    "INCIDENTS",
    "QUIET",
    "STREAMS",
    "TWINS",
    "WHOLE",
    "Incident",
    "Recording",
    "find",
    "record",
    "vary",
    "write",
]

Incident = Bundled | Case
INCIDENTS: Final[tuple[Incident, ...]] = (STAGING_20250902, *CASES)


def find(name: str) -> Incident:
    """The incident of that name; refuses an unknown one with the names there are."""
    for incident in INCIDENTS:
        if incident.name == name:
            return incident
    known = ", ".join(incident.name for incident in INCIDENTS)
    raise RequestError(f"the casebook has no incident {name!r}; it has: {known}")


def vary(name: str, seed: int) -> Incident:
    """The same scenario under another seed: another course, other circumstances, the same each time."""
    return find(name).seeded(seed)


def record(incident: Incident) -> Recording:
    """Runs `incident` under its seed, and writes down what was to be seen, and the truth."""
    return record_case(incident) if isinstance(incident, Case) else record_bundled(incident)


def write(name: str, out_dir: Path | str, *, seed: int | None = None, kept: str = DRAWN) -> Path:
    """Writes `<name>.yaml` and the folder `<name>/` into `out_dir`; returns the parameters' path.

    Without a seed it is the committed record, to the byte once decompressed. With one, the same scenario
    runs another course, and its truth says which. `kept` says what of its record is missing: as the seed draws it,
    nothing, or one stream. Metrics that nobody has are not written.
    """
    incident = find(name) if seed is None else vary(name, seed)
    incident = incident.keeping(kept) if isinstance(incident, Case) else incident
    recording = record(incident)
    folder = Path(out_dir) / incident.name
    params = Path(out_dir) / f"{incident.name}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _pack(folder / "entries.ndjson.gz", recording.entries)
        _pack(folder / "metrics.json.gz", recording.metrics)
        (folder / "truth.json").write_text(recording.truth_text, encoding="utf-8")
        (folder / "README.md").write_text(readme_text(incident), encoding="utf-8")
        params.write_text(params_text(incident, metrics=recording.metrics is not None), encoding="utf-8")
    except OSError as error:
        raise RequestError(f"{out_dir} cannot be written: {error}; give another --out") from error
    return params


def _pack(path: Path, text: str | None) -> None:
    """gzip without a time in it, so that equal content gives an equal file; what is not there leaves no file."""
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))
