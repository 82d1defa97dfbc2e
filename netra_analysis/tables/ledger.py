"""The ledger of a load: what was read, what was kept, what was lost and why, and what nobody could see."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.coverage import Coverage, Stream
from netra_analysis.errors import SchemaError
from netra_analysis.params import Params
from netra_analysis.sources.engine import Engine
from netra_analysis.sources.load import Raw, quarantine_counts
from netra_analysis.sources.pulled import Survey
from netra_analysis.sources.questions import question
from netra_analysis.sources.scan import ASSUMED, Scan, bill, human, usd
from netra_analysis.tables.blindspots import blind_spots, missing

_STREAM_NAMES = {
    "run.googleapis.com/requests": "requests",
    "run.googleapis.com/stdout": "stdout",
    "run.googleapis.com/stderr": "stderr",
    "run.googleapis.com/varlog/system": "system",
    "cloudaudit.googleapis.com/activity": "audit",
    "cloudaudit.googleapis.com/system_event": "audit",
}


def ledger(engine: Engine, raw: Raw, metrics: pa.Table, assigned: int, params: Params) -> Coverage:
    """What `raw` held and what of it is there for the service; `engine` knows its `entries`.

    `assigned` is the number of entries that name no service and were taken as this one's.
    """
    _accounted(raw)
    if assigned:
        raw = _assigned(raw, params.service)
    streams = _streams(engine, raw, metrics, params)
    held = Coverage(
        entries=raw.read,
        loaded=raw.entries.num_rows + raw.thinned.rows + raw.passed,
        duplicates=raw.duplicates,
        quarantined=quarantine_counts(raw.quarantine),
        services=_services(engine, raw),
        streams=streams,
        blind_spots=(
            *([raw.thinned.how] if raw.thinned.how else []),
            *blind_spots(engine, streams, metrics, raw, params),
        ),
        redactions=raw.redactions,
        files=tuple(_note(note) for note in raw.files),
        warnings=(*raw.warnings, *_warnings(raw, assigned, params)),
        thinned=raw.thinned.how,
        cell_s=raw.thinned.cell_s,
        cost=bill(raw.scans),
        scans=tuple(scan.to_json() for scan in raw.scans),
    )
    return replace(held, blind_spots=(*_unread(held), *held.blind_spots))


def _unread(held: Coverage) -> list[str]:
    """A blind spot where so much could not be read that what is absent may stand in it."""
    if not held.in_part:
        return []
    return [f"{100 * held.unread:.1f} % of the entries could not be read: cannot tell what is absent, nor any share"]


def _accounted(raw: Raw) -> None:
    stood_for = pc.sum(raw.entries["weight"]).as_py() or 0
    if stood_for != raw.entries.num_rows + raw.thinned.rows:
        raise SchemaError(
            f"weights are wrong: {raw.entries.num_rows} entries were kept and {raw.thinned.rows} thinned, but the "
            f"weights sum to {stood_for}; please report it with the file"
        )
    loaded = stood_for + raw.passed
    if raw.read != loaded + raw.duplicates + raw.quarantine.num_rows:
        raise SchemaError(
            f"rows were lost: {raw.read} read, but {loaded} loaded + {raw.duplicates} duplicates "
            f"+ {raw.quarantine.num_rows} quarantined; please report it with the file"
        )


def _services(engine: Engine, raw: Raw) -> dict[str, int]:
    """Entries by service: those at hand, and those that the source counted and kept to itself."""
    counts = Counter(raw.services)
    counts.update({row["service"]: row["entries"] for row in engine.run(question("services")).to_pylist()})
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _warnings(raw: Raw, assigned: int, params: Params) -> list[str]:
    said = [f"{assigned} entries name no service and were taken as this one's"] if assigned else []
    own = raw.entries.filter(pc.equal(raw.entries["service"], ""))
    nameless = (pc.sum(own["weight"]).as_py() or 0) + raw.services.get("", 0)
    if nameless and not assigned:
        said.append(f"{nameless} entries name no service, while others do: they were left out")
    projects = sorted({name for name in raw.entries["project"].unique().to_pylist() if name})
    if projects and params.project not in projects:
        said.append(f"the parameters say project {params.project}, the entries are of {', '.join(projects[:5])}")
    if raw.scans:
        said.append(_cost(raw.scans))
    lost = quarantine_counts(raw.metric_quarantine)
    return said + [f"{number} metric points could not be used: {reason}" for reason, number in lost.items()]


def _assigned(raw: Raw, service: str) -> Raw:
    """`raw` of an export that names no service, with what was passed counted as this one's, too."""
    streams = tuple({**stream, "service": service} for stream in raw.streams)
    return replace(raw, streams=streams, services={service: sum(raw.services.values())} if raw.services else {})


def _cost(scans: Sequence[Scan]) -> str:
    size = sum(scan.bytes for scan in scans)
    said = f"this postmortem scanned {human(size)}, about ${usd(size):.2f} ({ASSUMED})"
    return f"{said}; answers were kept from an earlier run" if any(scan.cached for scan in scans) else said


def surveyed(survey: Survey, metrics: pa.Table) -> Coverage:
    """What a source says of itself before it is read; duplicates are found when its rows are."""
    streams = {"metrics": Stream(survey.metric_series, None, None)} if survey.metric_series else _points(metrics)
    for row in survey.streams:
        name = stream_name(row["log"])
        streams[name] = _joined(streams.get(name), Stream(row["entries"], row["first"], row["last"]))
    entries = sum(row["entries"] for row in survey.streams)
    return Coverage(
        entries=entries,
        loaded=entries,
        duplicates=0,
        quarantined={},
        services=survey.services,
        streams=dict(sorted(streams.items())),
        blind_spots=tuple(missing(streams)),
        warnings=survey.warnings,
        cost=bill(survey.scans),
        scans=tuple(scan.to_json() for scan in survey.scans),
    )


def _note(note: Any) -> dict[str, Any]:
    return {
        "name": note.name,
        "format": note.format,
        "encoding": note.encoding,
        "values": note.values,
        "note": note.note,
    }


def _streams(engine: Engine, raw: Raw, metrics: pa.Table, params: Params) -> dict[str, Stream]:
    found: dict[str, Stream] = {}
    own = [{**row, "stream": row["log"]} for row in raw.streams if row["service"] == params.service]
    for row in [*engine.run(question("streams", service=params.service)).to_pylist(), *own]:
        name = stream_name(row["stream"] or "unknown")
        found[name] = _joined(found.get(name), Stream(row["entries"], row["first"], row["last"]))
    return found | _points(metrics)


def _points(metrics: pa.Table) -> dict[str, Stream]:
    if not metrics.num_rows:
        return {}
    times = metrics["time"]
    return {"metrics": Stream(metrics.num_rows, pc.min(times).as_py(), pc.max(times).as_py())}


def stream_name(log: str) -> str:
    """The short name of a log id: requests, stdout, stderr, system, audit, or its last part."""
    return _STREAM_NAMES.get(log, log.rsplit("/", 1)[-1])


def _joined(a: Stream | None, b: Stream) -> Stream:
    if a is None:
        return b
    firsts = [t for t in (a.first, b.first) if t]
    lasts = [t for t in (a.last, b.last) if t]
    return Stream(a.rows + b.rows, min(firsts, default=None), max(lasts, default=None))
