"""The BigQuery Storage API over gRPC: read sessions over the results of a fake's jobs, as Arrow."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.cloud.bigquery_storage_v1 import types

from tests.servers.bigquery import FakeBigQuery
from tests.servers.http import Served

METHOD = "google.cloud.bigquery.storage.v1.BigQueryRead"


@dataclass
class FakeStorage:
    """Results of `jobs`, in batches of a few rows; `fault` is its answer to every new session."""

    jobs: FakeBigQuery
    batch: int = 100
    fault: grpc.StatusCode | None = None
    sessions: list[str] = field(default_factory=list)

    def create(self, request: Any, context: grpc.ServicerContext) -> Any:
        if self.fault:
            context.abort(self.fault, "Permission 'bigquery.readsessions.create' denied")
        table = request.read_session.table.rpartition("/")[2]
        self.sessions.append(table)
        streams = [types.ReadStream(name=f"s/{table}/0")]
        return types.ReadSession(name=f"s/{table}", arrow_schema=self._schema(table), streams=streams)

    def read(self, request: Any, _context: grpc.ServicerContext) -> Iterator[Any]:
        table = request.read_stream.split("/")[1]
        schema: dict[str, Any] = {"arrow_schema": self._schema(table)}  # only the first message has it
        for batch in self._rows(table).to_batches(self.batch):
            data = types.ArrowRecordBatch(serialized_record_batch=batch.serialize().to_pybytes())
            yield types.ReadRowsResponse(arrow_record_batch=data, row_count=batch.num_rows, **schema)
            schema = {}

    def _schema(self, table: str) -> types.ArrowSchema:
        return types.ArrowSchema(serialized_schema=self._rows(table).schema.serialize().to_pybytes())

    def _rows(self, table: str) -> Any:
        return self.jobs.jobs[table.removeprefix("t")].rows.combine_chunks()


@contextmanager
def storage(fake: FakeStorage) -> Iterator[Served]:
    handlers = {
        "CreateReadSession": grpc.unary_unary_rpc_method_handler(
            fake.create, types.CreateReadSessionRequest.deserialize, types.ReadSession.serialize
        ),
        "ReadRows": grpc.unary_stream_rpc_method_handler(
            fake.read, types.ReadRowsRequest.deserialize, types.ReadRowsResponse.serialize
        ),
    }
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(METHOD, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield Served(f"http://127.0.0.1:{port}")
    finally:
        server.stop(None)
