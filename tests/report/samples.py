"""Hand-made values for the report's tests: one notebook with every block, one figure with every mark."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import nbformat
import pandas as pd

from netra_analysis import charts
from netra_analysis.finding import Claim, Standing, Statement, Verdict
from netra_analysis.query import Query
from netra_analysis.report import blocks
from netra_analysis.report.page import PageMeta
from netra_analysis.window import TimeWindow

START = datetime(2025, 9, 2, 12, tzinfo=UTC)
WINDOW = TimeWindow(START, START + timedelta(hours=2))
SQL = "SELECT COUNT(*) AS n FROM requests WHERE status >= @least AND time < @end"


def minute(n: float) -> datetime:
    return START + timedelta(minutes=n)


def frame(values: list[float], skip: range = range(0), **more: Any) -> pd.DataFrame:
    """One value a minute, with the minutes of `skip` missing."""
    rows = [{"time": minute(i), "value": v} for i, v in enumerate(values) if i not in skip]
    return pd.DataFrame(rows).assign(**more)


def figure(label: str = "deploy 00143-gh6", series: str = "application") -> charts.Figure:
    wave = [float(i % 9) for i in range(120)]
    served = charts.Series("served", frame(wave, range(50, 62)), "bars", "ok")
    failed = charts.Series(series, frame([v if v > 6 else 0 for v in wave]), "bars", "error")
    memory = frame([500 + 4 * v for v in wave], low=490.0, high=560.0, secret="hunter2")  # noqa: S106
    return charts.Figure(
        WINDOW,
        (
            charts.Lane("Requests", "per min", (served, failed)),
            charts.Lane("Memory", "MiB", (charts.Series("used", memory, "line", "memory"),), 1024),
            charts.Lane("Pool", "connections", (charts.Series("in use", frame(wave), "step", "pool"),), 15, "cap"),
            charts.Lane("CPU", "ratio", (charts.Series("cpu", frame(wave).iloc[:0]),)),
        ),
        (charts.Mark(minute(10), label, "deploy"), charts.Mark(minute(37), "OOM kill", "kill")),
        (charts.Shade(minute(50), minute(62), "export gap"),),
    )


def events(instance: str = "00bf4bf02d11", text: str = "Starting new instance.") -> pd.DataFrame:
    told = [(1, "start"), (2, "probe_ok"), (37, "memory_limit"), (37.1, "signal"), (38, "start"), (70, "shutdown")]
    return pd.DataFrame([{"time": minute(m), "instance": instance, "event": e, "text": text} for m, e in told])


def failed(instance: str = "00bf4bf02d11") -> pd.DataFrame:
    return pd.DataFrame({"time": [minute(36.5), minute(36.9)], "instance": [instance] * 2})


def claim(name: str = "CR1", word: str = "requests", standing: Standing = Standing.CONFIRMED) -> Claim:
    query = Query(SQL, {"least": 500, "end": WINDOW.end})
    template = "{n} requests failed; the log says {said}."
    statement = Statement(name, template, query, "n", word, "count at the edge", standing, query)
    return Claim(statement, {"n": 25, "said": word}, "sha256:" + "9f" * 32, 25)


def output(block: blocks.Block) -> Any:
    return nbformat.v4.new_output("display_data", data=block._repr_mimebundle_(), metadata={})


def code(source: str, *outputs: Any) -> Any:
    cell = nbformat.v4.new_code_cell(source)
    cell.outputs = list(outputs)
    return cell


def table(text: str = "a message", label: str = "Message", title: str = "Errors") -> blocks.TableView:
    columns = (
        blocks.ViewColumn("time", "Time", kind="time"),
        blocks.ViewColumn("n", "Count", kind="number"),
        blocks.ViewColumn("message", label),
    )
    return blocks.TableView(title, columns, ((minute(3), 4, text),), 12, text, Query(SQL, {"text": text}))


def citing(text: str) -> blocks.TableView:
    """A table with a column of claims: one that is on the page, one that is not."""
    columns = (blocks.ViewColumn("claim", "Claim", kind="claim"),)
    return blocks.TableView("Cited", columns, (("CR1",), (text,)), 2)


@cache
def notebook(text: str = "plain words", *, ended: bool = True, failed_cell: bool = False, drawn: bool = True) -> Any:
    """Every block, every state, every output; `text` is put wherever data can reach."""
    cells = [
        nbformat.v4.new_markdown_cell(f"# {text}\n\nLook at the key figure first.\n\n{text}"),
        code("show(summary)", output(blocks.Section("summary", f"Summary {text}"))),
        code(text, output(blocks.ClaimList((claim("FR1", text), claim("CR1")), text))),
        code("tiles", output(blocks.Tiles((claim("CR1", text), claim("ZZ9", text), claim("gone", text))))),
        code("table", output(table(text, text, text)), output(citing(text))),
        code("cards", output(blocks.Card(text, text, "warning")), output(blocks.Prompt("act", text, text))),
        code("verdicts", output(blocks.Verdicts((("crashes", Verdict.FIRED, text),)))),
        code("streams", *_streams(text)),
    ]
    if drawn:
        lanes = blocks.Chart(charts.lanes(figure(text, text)), f"Lanes {text}", f"alt {text}")
        cells.append(code("charts", output(lanes), output(_bars(text)), output(_timeline(text))))
    for state in blocks.State:
        cells.append(code("s", output(blocks.Section(f"st-{state.value}", "A section", state, f"because {text}"))))
    if failed_cell:
        cells.append(code("1/0", _error(text)))
    if ended:
        cells.append(code("end", output(blocks.NextSteps("90_postmortem", (("10_crash_timeline", text),)))))
    return nbformat.v4.new_notebook(cells=cells)


def _bars(text: str) -> blocks.Chart:
    counts = pd.DataFrame({"route": [text, "/ws"], "n": [3, 2]})
    return blocks.Chart(charts.bars_by(counts, "route", "n", f"requests {text}"[:60], "error"), f"Bars {text}", text)


def _timeline(text: str) -> blocks.Chart:
    lives = charts.timeline(events(text or "x", text), WINDOW, failed(text or "x"))
    return blocks.Chart(lives, f"Lives {text}", text)


def _streams(text: str) -> list[Any]:
    plain = {"text/html": text, "application/javascript": text, "text/plain": text}
    return [
        nbformat.v4.new_output("stream", name="stdout", text=text),
        nbformat.v4.new_output("stream", name="stderr", text=f"\x1b[31m{text}\x1b[0m"),
        nbformat.v4.new_output("display_data", data=plain, metadata={}),
        nbformat.v4.new_output("display_data", data={"image/svg+xml": _svg(text)}, metadata={}),
    ]


def _svg(text: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="9">{text}</text></svg>'


def _error(text: str) -> Any:
    return nbformat.v4.new_output("error", ename="ValueError", evalue=text, traceback=[f"\x1b[31m{text}\x1b[0m"])


def meta(text: str = "Backend staging", **more: Any) -> PageMeta:
    facts: dict[str, Any] = {
        "region": text,
        "revisions": (text,),
        "synthetic": True,
        "data_until": minute(119),
        "capsule_hash": "sha256:" + "ab" * 32,
        "versions": {"netra-analysis": text},
        "claims_count": {"confirmed": 2},
        "bytes_scanned": 1234567,
        "local_zone": "America/Los_Angeles",
    }
    return PageMeta("staging-2025-09-02", text, text, WINDOW, minute(130), **{**facts, **more})


def evidence(text: str = "plain words") -> dict[str, Any]:
    streams = {"requests": {"rows": 9, "first": "2025-09-02T12:00:00Z", "last": text}}
    coverage = {"streams": streams, "blind_spots": [text], "quarantined": {text: 3}}
    claims = [
        claim("FR1", text).to_json(),
        {"id": "ZZ9", "text": text, "value": 3, "unit": text, "verdict": "supported"},
    ]
    return {"verdict": text, "onset": "2025-09-02T12:37:34Z", "claims": claims, "coverage": coverage}
