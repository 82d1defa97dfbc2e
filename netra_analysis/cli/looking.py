"""`check`, `verify` and `age`: they look at a source or at a report, and write nothing."""

import argparse
import json
import time
from datetime import UTC, datetime

from netra_analysis.cli.said import out, progress, say


def check(asked: argparse.Namespace) -> int:
    from netra_analysis import params, tables
    from netra_analysis.sources.scan import human, said_cost
    from netra_analysis.window import span_text

    wanted = params.load(asked.params).resolved(datetime.now(UTC))
    began = progress(time.monotonic())
    coverage = tables.looked_at(wanted, asked.params.parent, lambda name, n: began(f"{name}: {n:,} entries"), began)
    result = coverage.to_json()
    if coverage.scans:
        result["cost"]["queries"] = [{"name": scan["name"], "bytes": scan["estimate"]} for scan in coverage.scans]
    if asked.json:
        out(json.dumps(result, indent=1))
        return 0
    lost = sum(result["quarantined"].values())
    out(f"{wanted.incident}: {wanted.service}, {wanted.asked}, compared with {wanted.before}")
    out(
        f"entries: {result['entries']:,} = {result['loaded']:,} loaded + {result['duplicates']:,} duplicates "
        f"+ {lost:,} quarantined"
    )
    for reason, number in result["quarantined"].items():
        out(f"  quarantined, {reason}: {number:,}")
    for name, stream in coverage.streams.items():
        span = span_text(stream.first, stream.last) if stream.first and stream.last else ""
        out(f"stream {name}: {stream.rows:,} {f'rows, {span}' if span else 'series, whose points a run reads'}")
    out("services: " + ", ".join(f"{name or '(none)'} {n:,}" for name, n in result["services"].items()))
    for spot in result["blind_spots"]:
        out(f"blind spot: {spot}")
    for warning in result["warnings"]:
        out(f"warning: {warning}")
    for query in result["cost"].get("queries", ()):
        out(f"query: {query['name']}: {human(query['bytes'])}")
    out(
        f"cost: {said_cost(coverage.cost['bytes'], wanted.budget.bytes)}"
        if coverage.scans
        else "cost: nothing is scanned"
    )
    return 0


def verify(asked: argparse.Namespace) -> int:
    from netra_analysis.run.verify import verify

    differing = verify(asked.folder)
    if asked.json:
        out(json.dumps({"folder": str(asked.folder), "differences": differing}, indent=1))  # \u for what no text holds
    elif differing:
        for line in differing:
            say(f"netra-analysis: {line}")
        out(f"{asked.folder}: {len(differing)} difference{'s' if len(differing) > 1 else ''}")
    else:
        out(f"{asked.folder}: every claim was computed again from the capsule and is the same")
    return 5 if differing else 0


def age(asked: argparse.Namespace) -> int:
    from netra_analysis.run import freshness

    state, reasons = (
        freshness.state_of(asked.folder),
        freshness.stale(asked.folder, asked.now or datetime.now(UTC), asked.max),
    )
    told = {name: state.get(name) for name in ("state", "finished", "data_until", "settled_until", "expires")}
    if asked.json:
        out(json.dumps({"folder": str(asked.folder), "stale": reasons, **told}, indent=1))
    else:
        known = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items() if value)
        out(f"{asked.folder}: {'stale: ' + '; '.join(reasons) if reasons else 'fresh'} ({known})")
    return 5 if reasons else 0
