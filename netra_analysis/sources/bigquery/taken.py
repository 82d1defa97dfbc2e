"""What came of a table: its entries, and how many the query left out or let others stand for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.sources import strata
from netra_analysis.sources.bigquery.discover import LogTable
from netra_analysis.sources.bigquery.thinned import ABOUT, BY_INSTANCE, CELL, REPRESENTED
from netra_analysis.sources.reading import FileNote
from netra_analysis.sources.reading.columnar import WEIGHT, entries_of, selection
from netra_analysis.sources.reading.intake import Intake


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one table: copies that the query left out, and entries that others stand for, in which cells."""

    note: FileNote
    copies: int
    thinned: int
    cell_s: int
    by_instance: bool


def take(table: LogTable, batches: Iterator[pa.RecordBatch], intake: Intake) -> Taken:
    """Entries out of a table's rows."""
    before, rows, copies, weights, cell_s, by_instance = intake.read, 0, 0, 0, 0, True
    for batch in batches:
        found = pa.Table.from_batches([batch])
        thinned = WEIGHT in found.column_names
        copies += pc.sum(found[REPRESENTED if thinned else "copies"]).as_py() or 0
        weights += (pc.sum(found[WEIGHT]).as_py() or 0) if thinned else found.num_rows
        if thinned and found.num_rows:
            cell_s, by_instance = found[CELL][0].as_py(), found[BY_INSTANCE][0].as_py()
        found = found.drop_columns(["copies", *(ABOUT if thinned else ())])
        entries, refused = entries_of(
            found, selection(found.schema), range(rows + 1, rows + found.num_rows + 1), intake.tally
        )
        rows += found.num_rows
        intake.extend(table.name, entries)
        for position, reason, sample in refused:
            intake.refuse(table.name, position, reason, sample)
    note = FileNote(table.name, "bigquery", "", intake.read - before + weights - rows, "thinned" if cell_s else "")
    return Taken(note, copies - weights, weights - rows, cell_s, by_instance)


def coarsest(taken: Sequence[Taken], kept: int, thinned: int) -> strata.Thinned:
    """In the words of the coarsest: each table has its own cells."""
    widest = max(taken, key=lambda one: (one.cell_s, not one.by_instance))
    how = strata.told(kept, thinned, widest.cell_s, widest.by_instance)
    return strata.Thinned(thinned, widest.cell_s, how)
