"""Blocks: three forms each, and nothing lost or hidden between them."""

import math
from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest

from netra_analysis import charts
from netra_analysis.errors import SchemaError
from netra_analysis.report import blocks, cells
from netra_analysis.report.text import visible
from tests.report import samples


def bundle(block: blocks.Block) -> dict[str, object]:
    return block._repr_mimebundle_()


def test_each_block_has_three_forms() -> None:
    section = bundle(blocks.Section("s", "Title <b>", blocks.State.NO_ROWS, "none"))
    assert section[blocks.BLOCK] == {
        "kind": "section",
        "id": "s",
        "title": "Title <b>",
        "state": "no_rows",
        "reason": "none",
    }
    assert "Title &lt;b&gt;" in str(section["text/html"])
    assert section["text/plain"] == "## Title <b>  [no rows matched]\nnone"


def test_claims_and_the_end_have_their_own_mime_types() -> None:
    claims = bundle(blocks.ClaimList((samples.claim(),)))
    assert claims[blocks.CLAIMS] == {"claims": [samples.claim().to_json()]}
    assert bundle(blocks.NextSteps("10_x", (("20_y", "why"),)))[blocks.END] == {"notebook": "10_x"}


@pytest.mark.parametrize("make", [pa.Table.from_pandas, lambda frame: frame], ids=["arrow", "pandas"])
def test_a_table_always_says_n_of_all(make: object) -> None:
    frame = pd.DataFrame({"time": [samples.minute(i) for i in range(9)], "latency_s": [0.12] * 9, "n": range(9)})
    view = blocks.TableView.of(make(frame), "T", limit=4)  # type: ignore[operator]
    assert [c.kind for c in view.columns] == ["time", "duration", "number"]
    text = str(bundle(view)["text/plain"])
    assert "4 of 9 rows" in text
    assert "120 ms" in text
    assert "4 of 9 rows" in str(bundle(view)["text/html"])


def test_a_table_of_one_row_says_row() -> None:
    assert "1 of 1 row" in str(bundle(blocks.TableView.of(pd.DataFrame({"a": [1]}), "T"))["text/plain"]).split("\n")


def test_a_table_refuses_columns_it_does_not_have() -> None:
    with pytest.raises(SchemaError, match="asks for"):
        blocks.TableView.of(pd.DataFrame({"a": [1]}), "T", columns=(blocks.ViewColumn("b"),))


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (None, "number", "–"),
        (1234567, "number", "1,234,567"),
        (0.1234, "share", "12.3 %"),
        (7.3, "duration", "7.3 s"),
        (3 * 1024**2, "bytes", "3.0 MiB"),
        ("2025-09-02T12:37:34.120Z", "time", "2025-09-02 12:37:34.120"),
        ("not a time", "time", "not a time"),
        ("x", "number", "x"),
    ],
)
def test_cells_in_words(value: object, kind: str, shown: str) -> None:
    assert cells.words(value, kind) == shown


def test_cells_in_json() -> None:
    given = [pd.NaT, pd.NA, math.nan, timedelta(seconds=2), samples.START, pd.Timestamp(samples.START)]
    assert [cells.to_json(v) for v in given] == [None, None, None, 2.0, "2025-09-02T12:00:00Z", "2025-09-02T12:00:00Z"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本 ✅ 👩‍💻", "plain é 日本 ✅ 👩‍💻"),
        ("a\x1b[31mb", "a⟦ESC⟧[31mb"),
        ("a\u200db", "a⟦U+200D⟧b"),
        ("\ud800", "⟦U+D800⟧"),
        ("line\r\nline\rover", "line\nline⟦CR⟧over"),
        ("tag\U000e0041", "tag⟦U+E0041⟧"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_chart_is_one_bundle_with_a_still_picture() -> None:
    chart = bundle(blocks.Chart(charts.lanes(samples.figure()), "Title", "Words"))
    spec = chart["application/vnd.vegalite.v5+json"]
    assert spec["$schema"].endswith("/v5.json")  # type: ignore[index]
    svg = str(chart["image/svg+xml"])
    assert "drag here" in str(spec)
    assert "drag here" not in svg
    assert "hunter2" not in str(spec) + svg
    assert chart["text/plain"] == "Title\nWords"


def test_columns_that_are_not_drawn_do_not_leave() -> None:
    import altair as alt

    frame = pd.DataFrame({"x": [1, 2], "y": [3, 4], "password": ["hunter2", "hunter3"]})
    chart = alt.Chart(frame).mark_point().encode(x="x:Q", y="y:Q")
    assert "hunter" not in str(bundle(blocks.Chart(chart, "T", "A")))


def test_a_heavy_picture_becomes_png(monkeypatch: pytest.MonkeyPatch) -> None:
    from netra_analysis.report import twin

    monkeypatch.setattr(twin, "LARGEST_SVG", 10)
    twin._picture.cache_clear()
    chart = bundle(blocks.Chart(charts.bars_by(samples.failed().assign(n=1), "instance", "n", "x"), "T", "A"))
    twin._picture.cache_clear()
    assert "image/svg+xml" not in chart
    assert str(chart["image/png"]).startswith("iVBOR")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2025-09-02T12:37:34Z", "2025-09-02 12:37:34"),
        ("0069c7a9" * 12, "…69c7a9"),
        ("sha256:" + "0" * 64, "sha256:" + "0" * 64),
        (4.33e-48, "< 0.0001"),
        (8080, "8080"),
        (None, "–"),
    ],
)
def test_a_cell_behind_a_claim_is_told_by_its_look(value: object, text: str) -> None:
    assert cells.sampled(value) == text
