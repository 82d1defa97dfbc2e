"""A BigQuery of one dataset: the v2 REST protocol in front of DuckDB, which runs the SQL through sqlglot.

What it shows is that our client calls, parameters, paging, dry runs, limits and errors go together, and that the
SQL means what it should. It does not show that the real BigQuery accepts the SQL: that is the golden files' part.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from tests.servers.export import Stored
from tests.servers.http import Refusal, Request, Served, serving

LEAST_BILLED = 10 * 2**20  # BigQuery bills at least 10 MiB a table


@dataclass
class Job:
    id: str
    config: Mapping[str, Any]
    rows: pa.Table
    bytes: int
    billed: int


@dataclass
class FakeBigQuery:
    """The tables of `project.dataset`, and what was done with them."""

    project: str
    dataset: str
    tables: Mapping[str, Stored]
    page: int = 5_000
    tables_page: int = 3
    bytes_per_row: int | None = None
    faults: list[Exception | None] = field(default_factory=list)  # each is the answer to one query, then gone
    list_fault: Refusal | None = None
    jobs: dict[str, Job] = field(default_factory=dict)
    dry: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._engine = duckdb.connect()
        self._engine.execute("SET TimeZone='UTC'")
        # Any fingerprint of 64 bits tells rows apart as well as FarmHash does.
        self._engine.execute("CREATE MACRO farm_fingerprint(x) AS CAST(hash(x) >> 1 AS BIGINT)")
        for name, stored in self.tables.items():
            self._engine.register(f"raw_{name}", stored.rows)
            listed = ", ".join(_as_json(field, stored) for field in stored.rows.schema)
            self._engine.execute(f'CREATE VIEW "{name}" AS SELECT {listed} FROM "raw_{name}"')  # noqa: S608

    @property
    def billed(self) -> int:
        return sum(job.billed for job in self.jobs.values())

    def answer(self, request: Request) -> Mapping[str, Any]:
        match request.path.removeprefix("/bigquery/v2/projects/").split("/"):
            case [_, "datasets", dataset, "tables"]:
                return self._list(dataset, request.query)
            case [_, "datasets", dataset, "tables", table]:
                return self._get(dataset, table)
            case [_, "jobs"] if request.method == "POST":
                return self._insert(request.body)
            case [_, "jobs", job]:
                return self._described(self._job(job))
            case [_, "queries", job]:
                return self._results(self._job(job), request.query)
        raise Refusal(404, "notFound", f"no such path: {request.path}")

    def _list(self, dataset: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        self._known(dataset)
        if self.list_fault:
            raise self.list_fault
        names = sorted(self.tables)
        start = int(query.get("pageToken", 0))
        some = names[start : start + self.tables_page]
        more = {"nextPageToken": str(start + len(some))} if start + len(some) < len(names) else {}
        listed = [
            {"tableReference": self._reference(n), "type": "VIEW" if self.tables[n].view else "TABLE"} for n in some
        ]
        return {"kind": "bigquery#tableList", "tables": listed, "totalItems": len(names), **more}

    def _get(self, dataset: str, name: str) -> Mapping[str, Any]:
        self._known(dataset)
        if name not in self.tables:
            raise Refusal(404, "notFound", f"Not found: Table {self.project}:{dataset}.{name}")
        stored = self.tables[name]
        fields = [f for f in _fields(stored.rows.schema, stored.json_columns) if f["name"] != "_PARTITIONTIME"]
        about = {"timePartitioning": dict(stored.partitioning)} if stored.partitioning else {}
        kind = "VIEW" if stored.view else "TABLE"
        return {"tableReference": self._reference(name), "type": kind, "schema": {"fields": fields}, **about}

    def _insert(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        config = body["configuration"]
        query = config["query"]
        dry = config.get("dryRun", False)
        if self.faults and not dry and (fault := self.faults.pop(0)):
            raise fault
        rows, size = self._run(query, dry)
        if dry:
            self.dry.append(query["query"])
            return self._described(Job("", config, rows, size, 0))
        billed = max(size, LEAST_BILLED)
        if billed > int(query.get("maximumBytesBilled", billed)):
            raise Refusal(500, "bytesBilledLimitExceeded", f"Query exceeded limit for bytes billed: {billed} or more")
        job = Job(body["jobReference"]["jobId"], config, rows, size, billed)
        self.jobs[job.id] = job
        return self._described(job)

    def _run(self, query: Mapping[str, Any], dry: bool) -> tuple[pa.Table, int]:
        try:
            tree = sqlglot.parse_one(query["query"], read="bigquery")
        except sqlglot.errors.SqlglotError as error:
            raise Refusal(400, "invalidQuery", str(error)) from error
        own = {cte.alias for cte in tree.find_all(exp.CTE)}
        names = {table.name for table in tree.find_all(exp.Table) if table.db or table.name not in own}
        for name in names:
            if name not in self.tables:
                raise Refusal(404, "notFound", f"Not found: Table {self.project}:{self.dataset}.{name}")
        sql = tree.transform(_local).sql(dialect="duckdb")
        values = {p["name"]: _bound(p) for p in query.get("queryParameters", ()) if f"${p['name']}" in sql}
        with self._lock:
            try:
                run = f"SELECT * FROM ({sql}) LIMIT 0" if dry else sql  # noqa: S608
                found = self._engine.sql(run, params=values).to_arrow_table()
            except duckdb.Error as error:
                raise Refusal(400, "invalidQuery", str(error)) from error
        return _int64(found), sum(self._size(name, tree) for name in names)

    def _size(self, name: str, tree: Any) -> int:
        """Bytes of the columns that the query names; a query is billed by columns."""
        rows = self.tables[name].rows
        if self.bytes_per_row:
            return rows.num_rows * self.bytes_per_row
        used = {column.name.lower() for column in tree.find_all(exp.Column)}
        used |= {str(column.parts[0].name).lower() for column in tree.find_all(exp.Column)}
        return sum(rows[f.name].nbytes for f in rows.schema if f.name.lower() in used)

    def _described(self, job: Job) -> Mapping[str, Any]:
        dry = not job.id
        schema = {"fields": _fields(job.rows.schema, frozenset())}
        statistics = {
            "creationTime": "1",
            "startTime": "1",
            "endTime": "2",
            "totalBytesProcessed": str(job.bytes),
            "query": {"totalBytesProcessed": str(job.bytes), "totalBytesBilled": str(job.billed), "schema": schema},
        }
        target = {"projectId": self.project, "datasetId": "_anon", "tableId": f"t{job.id}"}
        config = {**job.config, "query": {**job.config["query"], "destinationTable": target}}
        reference = {} if dry else {"jobReference": {"projectId": self.project, "jobId": job.id, "location": "US"}}
        return {"kind": "bigquery#job", "configuration": config, "statistics": statistics, **reference} | {
            "status": {"state": "DONE"}
        }

    def _results(self, job: Job, query: Mapping[str, str]) -> Mapping[str, Any]:
        start = int(query.get("pageToken", query.get("startIndex", 0)) or 0)
        size = min(int(query.get("maxResults", self.page)), self.page)
        some = job.rows.slice(start, size)
        answer = {
            "jobComplete": True,
            "jobReference": {"projectId": self.project, "jobId": job.id, "location": "US"},
            "schema": {"fields": _fields(job.rows.schema, frozenset())},
            "totalRows": str(job.rows.num_rows),
            "totalBytesProcessed": str(job.bytes),
        }
        if some.num_rows:
            kinds = [column.type for column in some.schema]
            answer["rows"] = [
                {"f": [{"v": _cell(value, kind)} for value, kind in zip(row.values(), kinds, strict=True)]}
                for row in some.to_pylist()
            ]
        if size and start + some.num_rows < job.rows.num_rows:
            answer["pageToken"] = str(start + some.num_rows)
        return answer

    def _job(self, name: str) -> Job:
        if name not in self.jobs:
            raise Refusal(404, "notFound", f"Not found: Job {self.project}:{name}")
        return self.jobs[name]

    def _known(self, dataset: str) -> None:
        if dataset != self.dataset:
            raise Refusal(404, "notFound", f"Not found: Dataset {self.project}:{dataset}")

    def _reference(self, table: str) -> dict[str, str]:
        return {"projectId": self.project, "datasetId": self.dataset, "tableId": table}


@contextmanager
def bigquery(fake: FakeBigQuery) -> Iterator[Served]:
    with serving(fake.answer) as served:
        yield served


def _as_json(column: pa.Field, stored: Stored) -> str:
    """The column as its view has it: text that is JSON gets DuckDB's own JSON type."""
    inner = {name.partition(".")[2] for name in stored.json_columns if name.startswith(f"{column.name}.")}
    if column.name in stored.json_columns:
        return f'CAST("{column.name}" AS JSON) AS "{column.name}"'
    if not inner:
        return f'"{column.name}"'
    parts = [f'"{m.name}" := CAST("{column.name}"."{m.name}" AS JSON)' for m in column.type if m.name in inner]
    kept = [f'"{m.name}" := "{column.name}"."{m.name}"' for m in column.type if m.name not in inner]
    return f'struct_pack({", ".join([*kept, *parts])}) AS "{column.name}"'


def _local(node: Any) -> Any:
    if isinstance(node, exp.Table) and node.db:
        return exp.Table(this=exp.to_identifier(node.name, quoted=True))
    return node


def _int64(rows: pa.Table) -> pa.Table:
    """A sum of INT64 is one in BigQuery; DuckDB gives a wider type."""
    for place, column in enumerate(rows.schema):
        if pa.types.is_decimal(column.type) and column.type.scale == 0:
            rows = rows.set_column(place, column.name, rows.column(place).cast(pa.int64()))
    return rows


def _bound(parameter: Mapping[str, Any]) -> Any:
    kind, value = parameter["parameterType"]["type"], parameter["parameterValue"].get("value")
    if kind == "ARRAY":
        return [one["value"] for one in parameter["parameterValue"].get("arrayValues", ())]
    if kind == "TIMESTAMP":
        return datetime.fromisoformat(value.replace(" ", "T")).astimezone(UTC)
    return {"INT64": int, "FLOAT64": float}.get(kind, str)(value)


def _fields(schema: pa.Schema, json_columns: frozenset[str], path: str = "") -> list[dict[str, Any]]:
    return [_field(f, json_columns, f"{path}{f.name}") for f in schema]


def _field(f: pa.Field, json_columns: frozenset[str], path: str) -> dict[str, Any]:
    kind, mode = f.type, "NULLABLE"
    if pa.types.is_list(kind):
        kind, mode = kind.value_type, "REPEATED"
    made = {"name": f.name, "mode": mode, "type": "JSON" if path in json_columns else _type(kind)}
    if pa.types.is_struct(kind):
        made["fields"] = _fields(pa.schema(list(kind)), json_columns, f"{path}.")
    return made


def _type(kind: pa.DataType) -> str:
    tests = (
        (pa.types.is_struct, "RECORD"),
        (pa.types.is_timestamp, "TIMESTAMP"),
        (pa.types.is_floating, "FLOAT"),
        (pa.types.is_boolean, "BOOLEAN"),
        (pa.types.is_integer, "INTEGER"),
    )
    return next((name for test, name in tests if test(kind)), "STRING")


def _cell(value: Any, kind: pa.DataType) -> Any:
    """A value as REST answers have it; an array is never null there."""
    if pa.types.is_list(kind):
        return [{"v": _cell(item, kind.value_type)} for item in value or ()]
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {"f": [{"v": _cell(value[member.name], member.type)} for member in kind]}
    if isinstance(value, datetime):
        return str(round(value.timestamp() * 1_000_000))
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)
