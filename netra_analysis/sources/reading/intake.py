"""Where values become rows: each is counted once, and ends as an entry or in quarantine."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.schema import ENTRIES, QUARANTINE, Column, TableSchema
from netra_analysis.sources.reading.aside import Aside, Scope
from netra_analysis.sources.reading.entry import to_row
from netra_analysis.sources.reading.reason import SAMPLE, Reason, safe, visible
from netra_analysis.sources.reading.text import repaired
from netra_analysis.sources.reading.value import Value
from netra_analysis.sources.reading.wrapper import contents

BATCH: Final = 20_000
REPAIRED: Final = "texts held characters that are no Unicode; these are shown as U+FFFD"


class Intake:
    """Collects one reading's rows in Arrow batches, so that memory holds few rows as Python objects."""

    def __init__(
        self,
        scrub: Callable[[str], str],
        progress: Callable[[str, int], None],
        scope: Scope | None = None,
        check: Callable[[int], None] = lambda _kept: None,
    ) -> None:
        """`check` is told how many entries are kept, whenever there are more of them."""
        self.read = 0
        self.kept = 0
        self.aside = Aside()
        self._check = check
        self.tally: Counter[str] = Counter()
        self._reasons: Counter[tuple[str, Reason]] = Counter()
        self._scrub = scrub
        self._progress = progress
        self._scope = scope
        self._entries = _Batches(ENTRIES, self.tally, self._sift)
        self._refused = _Batches(QUARANTINE, self.tally)

    @property
    def loaded(self) -> int:
        return self._entries.rows

    def refused(self, file: str, reason: Reason) -> int:
        """How many values of `file` were refused for `reason`."""
        return self._reasons[file, reason]

    def take(self, file: str, values: Iterator[Value]) -> int:
        """Reads `values` to their end; returns how many there were."""
        before = self.read
        for value in values:
            self._take(file, value)
            if self.read % BATCH == 0:
                self._progress(file, self.read)
        self._progress(file, self.read)
        return self.read - before

    def refuse(self, file: str, position: int, reason: Reason, sample: str) -> None:
        """One more value seen, and not usable."""
        self.read += 1
        self._reasons[file, reason] += 1
        clean = visible(self._scrub(safe(sample[: 10 * SAMPLE])))[:SAMPLE]
        self._refused.add({"file": file, "position": position, "reason": str(reason), "sample": clean})

    def extend(self, file: str, entries: pa.Table) -> None:
        """Entries that are in columns already."""
        self.read += entries.num_rows
        self._entries.extend(entries)
        self._progress(file, self.read)

    def pass_over(self, file: str, passed: pa.Table) -> None:
        """Entries that are not in the scope, as the columns of their key."""
        self.read += passed.num_rows
        self.aside.add(passed)
        self._progress(file, self.read)

    def _sift(self, entries: pa.Table) -> pa.Table:
        """What is in the scope; the rest is laid aside."""
        if self._scope is not None:
            inside = self._scope.holds(entries)
            self.aside.add(entries.filter(pc.invert(inside)))
            entries = entries.filter(inside)
        self.kept += entries.num_rows
        self._check(self.kept)
        return entries

    def tables(self) -> tuple[pa.Table, pa.Table]:
        return self._entries.table(), self._refused.table()

    def _take(self, file: str, value: Value) -> None:
        item = value.value
        if isinstance(item, Reason):
            self.refuse(file, value.position, item, value.raw or "")
        elif wrapped := contents(item, value.group):
            for inner, group in wrapped:
                self._judge(file, Value(value.position, inner, None, group))
        else:
            self._judge(file, value)

    def _judge(self, file: str, value: Value) -> None:
        item = value.value
        row = to_row(item, self.tally, value.group) if type(item) is dict else Reason.NOT_OBJECT
        if isinstance(row, Reason):
            self.refuse(file, value.position, row, value.sample)
            return
        self.read += 1
        self._entries.add(row)


class _Batches:
    """Rows of one table, turned into Arrow whenever there are enough."""

    def __init__(
        self, schema: TableSchema, tally: Counter[str], sift: Callable[[pa.Table], pa.Table] | None = None
    ) -> None:
        self.rows = 0
        self._sift = sift or (lambda table: table)
        self._schema = schema
        self._tally = tally
        self._arrow = pa.schema([pa.field(column.name, column.type) for column in schema.columns])
        self._pending: list[dict[str, Any]] = []
        self._done: list[pa.Table] = []

    def add(self, row: dict[str, Any]) -> None:
        self.rows += 1
        self._pending.append(row)
        if len(self._pending) >= BATCH:
            self._flush()

    def extend(self, table: pa.Table) -> None:
        self.rows += table.num_rows
        whole = self._schema.filled(table)
        self._done.append(self._sift(whole.select(self._arrow.names).cast(self._arrow)))

    def table(self) -> pa.Table:
        self._flush()
        return self._schema.conform(pa.concat_tables([self._arrow.empty_table(), *self._done]))

    def _flush(self) -> None:
        if not self._pending:
            return
        columns = [self._column(column) for column in self._schema.columns]
        self._done.append(self._sift(pa.Table.from_arrays(columns, schema=self._arrow)))
        self._pending = []

    def _column(self, column: Column) -> pa.Array:
        name = column.name
        values = [row.get(name, column.default) for row in self._pending]
        try:
            return pa.array(values, column.type)
        except UnicodeEncodeError:
            whole = [None if value is None else repaired(value) for value in values]
            self._tally[REPAIRED] += sum(1 for old, new in zip(values, whole, strict=True) if old != new)
            return pa.array(whole, column.type)
