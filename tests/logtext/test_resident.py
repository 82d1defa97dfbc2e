"""How applications tell of their memory."""

import pytest

from netra_analysis.logtext.resident import Resident, told

TOLD = {
    "INFO | Memory: 71.5% of the limit": Resident(share=0.715),
    "memory usage 512 MiB of 1024 MiB": Resident(512, most_mib=1024),
    "heap 1.5 GB / 2 GB": Resident(1536, most_mib=2048),
    "worker stats rss_mb=512 fds=40": Resident(512),
    '{"msg": "stats", "memoryUsedBytes": 536870912}': Resident(512),
    "{ rss: 536870912, heapTotal: 402653184, heapUsed: 268435456 }": Resident(512),
    "janitor: up=2412s served=179 statm.resident=131072 cached_templates=214": Resident(512),
    "mem_pct=71.5": Resident(share=0.715),
    "rss_kb=524288": Resident(512),
}
SILENT = ["memory_limit_mb=1024", "remembered 512 orders", "rss=17", "heap_total_mb=900", "memcached_items=40000000"]


@pytest.mark.parametrize("line", TOLD)
def test_what_a_line_says_of_its_process(line: str) -> None:
    said = told(line)
    assert said is not None
    assert (said.share, said.most_mib) == (TOLD[line].share, TOLD[line].most_mib)
    assert said.mib == pytest.approx(TOLD[line].mib)


@pytest.mark.parametrize("line", SILENT)
def test_limits_totals_and_other_things_are_not_what_it_has(line: str) -> None:
    assert told(line) is None
