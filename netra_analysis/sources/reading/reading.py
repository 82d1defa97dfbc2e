"""Reading a source of files: each by the format its content shows, all into one table of entries."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from netra_analysis.errors import SourceError
from netra_analysis.sources import strata
from netra_analysis.sources.reading.aside import NONE_PASSED, Passed, Scope
from netra_analysis.sources.reading.csvrows import read_csv
from netra_analysis.sources.reading.files import locate
from netra_analysis.sources.reading.intake import Intake
from netra_analysis.sources.reading.jsonlines import read_lines
from netra_analysis.sources.reading.jsonscan import read_json
from netra_analysis.sources.reading.parquet import Group, is_parquet, read_chosen, read_parquet, rows_of
from netra_analysis.sources.reading.reason import Reason, safe
from netra_analysis.sources.reading.sniff import sniff
from netra_analysis.sources.reading.text import Text, open_text
from netra_analysis.sources.reading.thinning import Chosen, Marks
from netra_analysis.sources.reading.value import Remarks, Value
from netra_analysis.sources.reading.yamldocs import read_yaml
from netra_analysis.sources.strata import Thinned

EXPECTED: Final = (
    "expected Cloud Logging entries: a JSON array, NDJSON, YAML or CSV as gcloud and the Logs Explorer write "
    "them, plain or gzip, or Parquet in the BigQuery export's schema"
)
_READERS: Final[dict[str, Callable[[Text, Remarks], Iterator[Value]]]] = {
    "ndjson": read_lines,
    "json": read_json,
    "csv": read_csv,
    "yaml": read_yaml,
}
_TWICE: Final = "gzip within gzip; unpack it once and give what comes out"
_PASSED: Final = {"metrics": "Cloud Monitoring time series, no log", "table": "a table without log fields"}


@dataclass(frozen=True, slots=True)
class Checks:
    """Who is told how many entries are kept, to refuse too many: of all there are, or of what thinning left."""

    whole: Callable[[int], None]
    thinned: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class FileNote:
    """One file: how it was read, how many values it held, and what is worth saying about it."""

    name: str
    format: str
    encoding: str
    values: int
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a source of files held.

    `read` = rows of `entries` + rows of `quarantine` + rows that were passed + those that others stand for.
    """

    entries: pa.Table
    quarantine: pa.Table
    files: tuple[FileNote, ...]
    read: int
    warnings: tuple[str, ...]
    passed: Passed = NONE_PASSED
    thinned: Thinned = strata.NOT_THINNED

    def __post_init__(self) -> None:
        kept = self.entries.num_rows + self.quarantine.num_rows + self.passed.rows + self.thinned.rows
        if kept != self.read:
            raise SourceError(f"{self.read} values were seen but {kept} kept; this is a fault of the reader")


def read_entries(
    location: str,
    base: Path,
    progress: Callable[[str, int], None] | None = None,
    scrub: Callable[[str], str] | None = None,
    scope: Scope | None = None,
    checks: Checks | None = None,
    most: int | None = None,
) -> Reading:
    """All entries of `location` (a file, a folder or a glob; relative to `base`), not yet deduplicated.

    With a `scope`, entries outside of it are counted and not kept; Parquet that holds more than `most` within it is
    thinned to about so many. `progress` is told the file's name and the number of values so far, one of `checks` how
    many entries are kept; `scrub` sees what goes into samples.
    """
    located = locate(location, base)
    notes = [FileNote(name, "ignored", "", 0, why) for name, why in located.ignored]
    thin = Thin.of(located.files, scope, most) if scope and most else NOT_THINNED
    check = (checks.thinned if thin.files else checks.whole) if checks else (lambda _kept: None)
    intake = Intake(scrub or str, progress or (lambda _name, _count: None), scope, check)
    for path in located.files:
        try:
            notes.append(thin.read(path, intake) if path in thin.files else _read_file(path, intake, scope))
        except OSError as error:
            what = f"{path.name} of file:{location} cannot be read: {error.strerror or error}"
            raise SourceError(safe(f"{what}; check its permissions or leave it out")) from error
    entries, quarantine = intake.tables()
    passed = intake.aside.passed().with_(thin.passed)
    if not entries.num_rows and not passed.rows:
        raise _nothing(location, notes, quarantine)
    read = intake.read + thin.thinned.rows + thin.passed.rows
    warnings = _warnings(intake.tally, notes)
    return Reading(entries, quarantine, tuple(notes), read, warnings, passed, thin.thinned)


@dataclass(frozen=True, slots=True, eq=False)
class Thin:
    """The Parquet files of a source that are thinned, each with the number of its first row; none, mostly."""

    files: Mapping[Path, int]
    chosen: Chosen | None = None

    @classmethod
    def of(cls, paths: Sequence[Path], scope: Scope, most: int) -> "Thin":
        """Looks at the files where together they have more than `most` rows; one that cannot be read is left out."""
        tables = [path for path in paths if path.is_file() and is_parquet(path) and rows_of(path)]
        if sum(map(rows_of, tables)) <= most:
            return cls({})
        with Marks(scope) as marks:
            found = {path: first for path in tables if (first := marks.added(path)) is not None}
            return cls(found, marks.choose(most)) if marks.rows > most else cls({})

    @property
    def passed(self) -> Passed:
        return self.chosen.passed if self.chosen else NONE_PASSED

    @property
    def thinned(self) -> Thinned:
        return self.chosen.represented if self.chosen else strata.NOT_THINNED

    def read(self, path: Path, intake: Intake) -> FileNote:
        """What was chosen of the file, through `intake`."""
        if self.chosen is None:
            raise LookupError(path.name)
        name = safe(path.name)
        _taken(name, read_chosen(path, intake.tally, self.files[path], self.chosen), intake)
        return FileNote(name, "parquet", "", rows_of(path), "thinned")


NOT_THINNED: Final = Thin({})


def _taken(name: str, group: Group, intake: Intake) -> None:
    intake.extend(name, group.entries)
    if group.passed is not None:
        intake.pass_over(name, group.passed)
    for position, reason, sample in group.refused:
        intake.refuse(name, position, reason, sample)


def _read_file(path: Path, intake: Intake, scope: Scope | None) -> FileNote:
    name = safe(path.name)
    return _read_parquet(path, name, intake, scope) if is_parquet(path) else _read_text(path, name, intake)


def _read_parquet(path: Path, name: str, intake: Intake, scope: Scope | None) -> FileNote:
    before, groups = intake.read, 0
    for group in read_parquet(path, intake.tally, scope):
        groups += 1
        _taken(name, group, intake)
    note = "" if groups else _PASSED["table"]
    return FileNote(name, "parquet", "", intake.read - before, note)


def _read_text(path: Path, name: str, intake: Intake) -> FileNote:
    with path.open("rb") as file:
        text = open_text(file)
        kind = sniff(text)
        remarks = Remarks()
        lost = intake.refused(name, Reason.TRUNCATED)
        if reader := _READERS.get(kind):
            count = intake.take(name, reader(text, remarks))
        else:
            count = _refuse_whole(name, kind, text, intake)
    if text.damage and lost == intake.refused(name, Reason.TRUNCATED):
        intake.refuse(name, count + 1, Reason.TRUNCATED, text.damage[0])
        count += 1
    note = "; ".join([*remarks.notes, *text.damage, *_prose(remarks), *filter(None, [_PASSED.get(kind)])])
    return FileNote(name, _kind_name(kind, text), text.encoding, count, note)


def _kind_name(kind: str, text: Text) -> str:
    return "json array" if kind == "json" and text.head.lstrip("\ufeff \r\n\t").startswith("[") else kind


def _refuse_whole(name: str, kind: str, text: Text, intake: Intake) -> int:
    """A file of no format that holds entries: one value that is none, unless it is known for something else."""
    if kind in _PASSED or not text.head.strip():
        return 0
    reason = Reason.NOT_TEXT if kind in ("binary", "gzip") else Reason.NOT_JSON
    intake.refuse(name, 1, reason, _TWICE if kind == "gzip" else text.head)
    return 1


def _prose(remarks: Remarks) -> list[str]:
    count = remarks.prose_lines
    return [f"{count} line{'s' * (count != 1)} of prose between the values passed over"] if count else []


def _nothing(location: str, notes: list[FileNote], quarantine: pa.Table) -> SourceError:
    read = [note for note in notes if note.format != "ignored"]
    seen = sum(note.values for note in read)
    where = f"file:{location}" + (f" ({len(read)} files)" if len(read) > 1 else "")
    if not seen:
        what = next((note.note for note in read if note.note), "it is empty")
        return SourceError(safe(f"{where} holds no log entry: {what}; {EXPECTED}"))
    reasons = Counter(quarantine["reason"].to_pylist())
    why = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common(3))
    sample = quarantine["sample"][0].as_py()[:80]
    held = f"{where} holds no log entry in {seen} values ({why}); the first: {sample!r}"
    return SourceError(safe(f"{held}; {EXPECTED}"))


def _warnings(tally: Counter[str], notes: list[FileNote]) -> tuple[str, ...]:
    """What had to be assumed, with how often, and what was noticed about single files."""
    counted = [safe(f"{count} {sentence}") for sentence, count in sorted(tally.items()) if count]
    cut = [f"{note.name}: {note.note}" for note in notes if "cut" in note.note or "gzip" in note.note]
    return tuple(counted + cut)
