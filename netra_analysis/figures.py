"""Tables and findings → the values that the charts draw."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from netra_analysis import charts
from netra_analysis.charts import ROLES, STRETCHES, Figure, Lane, Mark, RuleRow, Series, Shade, Stretch
from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Verdict, duration_text
from netra_analysis.finding import counted as with_noun
from netra_analysis.measures import alerts
from netra_analysis.measures.minutes import counted
from netra_analysis.measures.service_levels import BURNS
from netra_analysis.params import Params
from netra_analysis.reconstruct.frames import evened, frame, real_traffic
from netra_analysis.statistics.alerts import PAGING
from netra_analysis.tables import Tables
from netra_analysis.tables.blindspots import memory_gaps
from netra_analysis.window import TimeWindow

MOST_MARKS = 12


def key_figure(tables: Tables, params: Params, findings: Mapping[str, Finding]) -> Figure:
    """Requests and failures, latency, memory, pool and instances over the window, on one time axis.

    A lane whose stream is missing is there and says so: an empty lane, not an absent one.
    """
    lanes = (
        _requests(tables, params, findings["failed_requests"]),
        _latency(tables, params),
        _memory(findings["memory"]),
        _pool(findings["pool"]),
        _instances(tables, params),
    )
    return Figure(params.asked, lanes, _marks(tables, params, findings), _shades(tables, params))


def associations(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The judged series by how they move with the failures, with the lag and whether it holds in words."""
    judged = [row for row in rows if row["reason"] is None]
    return [
        {
            "label": row["series"],
            "value": row["effect"],
            "low": row["effect_low"],
            "high": row["effect_high"],
            "said": f"{row['effect']:.2f}, {row['lag']}" if row["supported"] else "chance would do",
        }
        for row in judged
    ]


def doses(rows: Sequence[Mapping[str, Any]], scope: str, level: str) -> list[dict[str, Any]]:
    """The bands of one level in which requests came, by the share that failed."""
    return [
        {
            "label": row["band"],
            "value": row["share"],
            "low": row["share_low"],
            "high": row["share_high"],
            "said": f"{row['failed']:,} of {row['total']:,} in {row['minutes']:,} min",
        }
        for row in rows
        if (row["scope"], row["level"]) == (scope, level) and row["total"]
    ]


def changes(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The series that stand out around the onset, by when they changed."""
    found = sorted((row for row in rows if row["stands_out"]), key=lambda row: (row["change_high"], row["series"]))
    return [
        {
            "label": row["series"],
            "low": row["change_low"],
            "high": row["change_high"],
            "said": f"{row['change']} {row['from_to']}",
        }
        for row in found
    ]


def burn(tables: Tables, params: Params, objectives: Finding, findings: Mapping[str, Finding]) -> Figure:
    """Requests and failures, and below them how fast the budget burnt over each pair of windows that pages."""
    rows = frame(objectives.proof)
    lanes = [_requests(tables, params, findings["failed_requests"])]
    for pair in PAGING:
        series = (_burn(rows, pair.long_min, "p50"), _burn(rows, pair.short_min, "p95"))
        words = f"{duration_text(60 * pair.short_min)} and {duration_text(60 * pair.long_min)}"
        lanes.append(Lane(f"Burn rate, {words}", "times allowed", series, pair.rate, "page from"))
    marks, last = _marks(tables, params, findings), alerts.impact(findings)
    ends = (Mark(last[1], "last impact", "now"),) if last and last[0] != last[1] else ()
    return Figure(params.asked, tuple(lanes), (*marks, *ends), _unlogged(tables, params))


def _burn(rows: pd.DataFrame, minutes: int, role: str) -> Series:
    values = rows[["time"]].assign(value=rows[BURNS[minutes]].astype(float))
    return Series(f"over {duration_text(60 * minutes)}", values, "line", role)


def alert_replay(tables: Tables, settings: Settings, replay: Finding, findings: Mapping[str, Finding]) -> Any:
    """The rules over window and baseline: where each fires and is blind, and what it came to."""
    record = counted(tables, settings)
    bouts = [(record.time(a), record.time(b)) for a, b in alerts.bouts(findings, record)]
    span = TimeWindow(record.start, record.time(len(record.total)))
    return charts.replay([_rule(row) for row in replay.proof.to_pylist()], span, bouts)


def _rule(row: Mapping[str, Any]) -> RuleRow:
    parts = json.loads(row["evidence"])
    stretches = [
        Stretch(datetime.fromisoformat(start), datetime.fromisoformat(end), kind)
        for kind in STRETCHES
        for start, end in parts.get(kind, ())
    ]
    return RuleRow(row["rule"], _came_to(row), tuple(stretches))


def _came_to(row: Mapping[str, Any]) -> str:
    """In a few words, for the end of a rule's row."""
    if row["why"] or (row["incident_min"] and row["blind_min"] == row["incident_min"]):
        return str(row["why"]) or "blind throughout"
    nothing = f", {row['false_pages']} for nothing" if row["false_pages"] else ""
    minutes = row["detected_min"]
    if minutes is None:
        return ("silent" if row["incident_min"] else "nothing to tell") + nothing
    when = f"{duration_text(60 * abs(minutes))} {'before' if minutes < 0 else 'after'}"
    return f"{when}, {row['bouts_told']} of {with_noun(row['bouts'], 'bout')}{nothing}"


def per_minute(times: pd.Series, params: Params, weights: pd.Series | None = None) -> pd.DataFrame:
    """Counts per minute, of what rows stand for where `weights` are given.

    A minute of the window without a row is a true zero for log entries.
    """
    start, end = pd.Timestamp(params.asked.start).floor("min"), pd.Timestamp(params.asked.end)
    minutes = pd.date_range(start, end, freq="min", inclusive="left")
    each = pd.Series(1, index=times.index) if weights is None else weights
    counts = each.groupby(times.dt.floor("min")).sum().reindex(minutes, fill_value=0).astype("int64")
    return pd.DataFrame({"time": minutes, "value": counts.to_numpy()})


def _requests(tables: Tables, params: Params, failed: Finding) -> Lane:
    requests = frame(tables.requests, params.asked, "end_time")
    series = []
    if tables.coverage.has("requests"):
        real = real_traffic(requests)
        fine = real[~real["failed"]]
        series.append(
            Series("real traffic, not failed", per_minute(fine["end_time"], params, fine["weight"]), "bars", "requests")
        )
        rows = frame(failed.proof)
        for fate in sorted(rows["fate"].unique()) if len(rows) else []:
            ends = rows[rows["fate"] == fate]["end_time"]
            role = fate if fate in ROLES else "error"
            series.append(Series(f"5xx: {fate.replace('_', ' ')}", per_minute(ends, params), "bars", role))
    return Lane("Requests and failures", "requests per minute", tuple(series), height=110)


def _latency(tables: Tables, params: Params) -> Lane:
    requests = frame(tables.requests, params.asked, "end_time")
    socket = (requests["status"] == 101).fillna(value=False)  # a WebSocket's life is no latency
    real = real_traffic(requests[requests["latency_s"].notna() & ~socket])
    real = evened(real)
    grouped = real.groupby(real["end_time"].dt.floor("5min"))["latency_s"]
    series = []
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        values = grouped.quantile(share)
        if len(values):
            drawn = pd.DataFrame({"time": values.index, "value": values.to_numpy()})
            series.append(Series(f"{name} over 5 minutes", drawn, "step", name))
    return Lane("Latency of real traffic", "seconds", tuple(series))


def _memory(finding: Finding) -> Lane:
    rows = frame(finding.proof)
    limit = float(rows["limit_mib"].max()) if len(rows) and rows["limit_mib"].notna().any() else None
    value, unit = ("used_mib", "MiB") if limit else ("ratio", "share of limit")
    series = []
    metric = rows[rows["witness"] != "kill line"]
    if len(metric):
        by_time = metric.groupby("time")[value].max().reset_index().rename(columns={value: "value"})
        series.append(Series("metric, highest instance", by_time, "line", "memory"))
    kills = rows[rows["witness"] == "kill line"].rename(columns={value: "value"})
    if len(kills):
        series.append(Series("named in the kill line", kills[["time", "value"]], "points", "error"))
    return Lane("Memory against its limit", unit, tuple(series), limit or (1.0 if series else None), "limit")


def _pool(finding: Finding) -> Lane:
    rows = frame(finding.proof)
    cap = float(rows["cap"].max()) if len(rows) and rows["cap"].notna().any() else None
    series = []
    for witness, role in (("in use", "pool"), ("waiting", "waiting")):
        own = rows[rows["witness"] == witness]
        if len(own):  # several instances, one pool each: the fullest counts
            series.append(Series(witness, own.groupby("time")["value"].max().reset_index(), "line", role))
    return Lane("Connection pool against its cap", "connections", tuple(series), cap if series else None, "cap")


def _instances(tables: Tables, params: Params) -> Lane:
    metrics = frame(tables.metrics, params.asked)
    own = metrics[metrics["metric"].str.endswith("container/instance_count")]
    by_time = own.groupby("time")["value"].sum().reset_index()
    series = (Series("instances", by_time, "step", "instances"),) if len(by_time) else ()
    return Lane("Instances", "instances", series, height=60)


def _marks(tables: Tables, params: Params, findings: Mapping[str, Finding]) -> tuple[Mark, ...]:
    deploys = frame(tables.deploys, params.asked)
    marks = [
        Mark(row.time.to_pydatetime(), f"{row.kind.replace('_', ' ')} {row.revision[-9:]}", "deploy")
        for row in deploys.itertuples()
    ]
    deaths = frame(findings["crashes"].proof, column="start_time")
    words = {"oom": "killed over memory", "startup": "died starting", "exit": "exited", "signal": "signal"}
    lone = deaths[deaths["loop"].isna()].head(MOST_MARKS)
    marks += [Mark(row.start_time.to_pydatetime(), words.get(row.kind, row.kind), "kill") for row in lone.itertuples()]
    for _, loop in deaths[deaths["loop"].notna()].groupby("loop"):
        marks.append(Mark(loop["start_time"].min().to_pydatetime(), f"restart loop, {len(loop)} deaths", "kill"))
        marks.append(Mark(loop["start_time"].max().to_pydatetime(), "its last death", "kill"))
    failed = findings["failed_requests"]
    if failed.verdict is Verdict.FIRED and failed.time:
        marks.append(Mark(failed.time, "onset", "onset"))
    return tuple(sorted(marks, key=lambda mark: mark.time))


def _shades(tables: Tables, params: Params) -> tuple[Shade, ...]:
    """Stretches of the window in which no log of the service was read, or a metric has a hole."""
    holes = (Shade(start, end, "no memory metric") for start, end in memory_gaps(tables.metrics, params.asked))
    return (*_unlogged(tables, params), *holes)


def _unlogged(tables: Tables, params: Params) -> tuple[Shade, ...]:
    window, coverage = params.asked, tables.coverage
    logs = [s for name, s in coverage.streams.items() if name != "metrics" and s.first and s.last]
    shades = []
    if logs:
        first, last = min(s.first for s in logs if s.first), max(s.last for s in logs if s.last)
        slack = timedelta(seconds=max(60.0, 0.01 * window.duration.total_seconds()))
        if first - window.start > slack:
            shades.append(Shade(window.start, min(first, window.end), "no logs"))
        if window.end - last > slack:
            shades.append(Shade(max(last, window.start), window.end, "no logs"))
    return tuple(shades)
