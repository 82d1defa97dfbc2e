"""Lines of garbage collectors, as the runtimes write them."""

import pytest

from netra_analysis.logtext.collector import Collected, collected

TOLD = {
    "[21050.108s][info][gc] GC(104) Pause Young (Normal) (G1 Evacuation Pause) 724M->624M(768M) 21.816ms": (624, 768),
    "[2.104s][info][gc] GC(9) Pause Full (Ergonomics) 1G->1G(2G) 904.111ms": (1024, 2048),
    "[GC (Allocation Failure)  524800K->131072K(1048576K), 0.0123 secs]": (128, 1024),
    "2026-03-04T10:00:00.123+0000: 9.1: [Full GC (Ergonomics) [PSYoungGen: 1024K->0K(2048K)] "
    "[ParOldGen: 700416K->699392K(786432K)] 701440K->699392K(788480K), [Metaspace: 9K->9K(9K)], 1.2 secs]": (683, 770),
    "[1:0x5581]  5421 ms: Mark-Compact (reduce) 2046.5 (2083.5) -> 2046.0 (2084.0) MB, 912.4 / 0.0 ms": (2046, 2084),
    "gc 14 @2.104s 3%: 0.018+1.2+0.003 ms clock, 0.14+0.35/1.2/3.0+0.02 ms cpu, 4->5->2 MB, 5 MB goal, 8 P": (2, None),
}  # fmt: skip
SILENT = [
    "order 7 moved: 3->4(5)",
    "[0.1s][info][gc] Using G1",
    "[3.1s][info][gc] GC(7) Concurrent Mark Cycle 12.1ms",
    "moved shard 4 -> 7 (of 9)",
]


@pytest.mark.parametrize("line", TOLD)
def test_what_remained_and_how_large_the_heap_was(line: str) -> None:
    after, size = TOLD[line]
    assert collected(line) == Collected(after, size)


@pytest.mark.parametrize("line", SILENT)
def test_other_lines_tell_of_no_collection(line: str) -> None:
    assert collected(line) is None
