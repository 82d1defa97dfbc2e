"""`evidence.json`: what a run found, in the fixed shape that other programs read."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from netra_analysis.hypotheses.matrix import Judgement
from netra_analysis.investigation import Investigation
from netra_analysis.query import plain
from netra_analysis.window import stamp

SCHEMA = 1


def evidence(incident: Investigation) -> dict[str, Any]:
    """Everything that may be said of the incident, with what backs it."""
    asked, findings = incident.params, incident.findings
    return {
        "schema": SCHEMA,
        "incident": asked.incident,
        "service": asked.service,
        "synthetic": asked.synthetic,
        "window": {"start": stamp(asked.asked.start), "end": stamp(asked.asked.end)},
        "verdict": incident.verdict,
        "onset": _stamp(incident.onset),
        "hypotheses": [_hypothesis(judgement) for judgement in incident.judgements],
        "findings": {name: finding.verdict.value for name, finding in findings.items()},
        "claims": [plain(claim.to_json()) for claim in incident.claims],
        "crash_episodes": [_episode(row) for row in findings["crashes"].proof.to_pylist()],
        "failed_requests": _failed(findings["failed_requests"].proof.to_pylist()),
        "fingerprints": [_fingerprint(row) for row in findings["errors"].proof.to_pylist() if row["count"]],
        "deploys": [_deploy(row) for row in incident.tables.deploys.to_pylist()],
        "audit": [{"id": h.claim.id, "verdict": h.verdict.value, "claims": list(h.claims)} for h in incident.held],
        "coverage": incident.tables.coverage.to_json(),
    }


def failures(found: Mapping[str, Any]) -> int | None:
    """How many requests failed, by an evidence; nothing where no request log can tell, which is not none."""
    told = next((claim["verdict"] for claim in found["claims"] if claim["id"] == "FR1"), None)
    total = int(found["failed_requests"]["total"])
    return total if total or told != "untestable" else None


def _hypothesis(judgement: Judgement) -> dict[str, Any]:
    return {
        "id": judgement.cause.id,
        "rank": judgement.rank,
        "score": judgement.score,
        "status": judgement.status,
        "for": [sign.claim for sign in judgement.pro],
        "against": [sign.claim for sign in judgement.con],
        "missing": sorted({name for sign in judgement.missing for name in sign.missing}),
        "explained": judgement.explained,
        "follows_from": judgement.follows_from,
    }


def _stamp(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None


def _episode(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "start": stamp(row["start_time"]),
        "end": stamp(row["end_time"]),
        "revision": row["revision"],
        "instance": row["instance"],
        "kind": row["kind"],
        "exit": row["exit"],
        "victims": row["victims"],
        "loop": row["loop"],
        "last_words": row["last_words"],
        "evidence": json.loads(row["evidence"]),
    }


def _failed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    fates = [row["fate"] for row in rows]
    by_id = {row["id"]: row["fate"] for row in rows}
    return {"total": len(rows), "fates": {f: fates.count(f) for f in sorted(set(fates))}, "requests": by_id}


def _fingerprint(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "title": row["title"],
        "kind": row["kind"],
        "level": row["level"],
        "count": row["count"],
        "first": _stamp(row["first"]),
        "last": _stamp(row["last"]),
        "new": {"new": True, "unknown": None}.get(row["state"], False),
        "state": row["state"],
        "failed_requests": row["failed_requests"],
        "why": row["why"],
    }


def _deploy(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "time": stamp(row["time"]),
        "revision": row["revision"],
        "kind": row["kind"],
        "evidence": row["evidence"],
    }
