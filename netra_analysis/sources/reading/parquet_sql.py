"""The SELECT list that turns a Parquet table of log entries into ENTRIES, built from the table's schema.

Two shapes are known: the BigQuery sink's (camelCase, payloads as STRUCT, user keys lower-cased) and Log
Analytics' (snake_case, payloads and labels as JSON text). Columns appear over time in both, so each one is
looked for by name, and is NULL where it is absent. JSON comes out with sorted keys where the schema orders
it; JSON text stays in the order it has.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from netra_analysis.logtext.line import LEVEL_KEYS, MESSAGE_KEYS, STACK_KEYS
from netra_analysis.sources.reading.audit import BODIES, camel
from netra_analysis.sources.reading.dialect import field_name, fold
from netra_analysis.sources.reading.entry import INSTANCE_KEYS

Rename = Callable[[str], str]
NULL: Final = "NULL"


@dataclass(frozen=True, slots=True)
class Node:
    """A column or a member of one: its SQL and its type."""

    sql: str
    type: pa.DataType

    def member(self, *names: str) -> "Node | None":
        """The member of one of these names, whatever its case and underscores."""
        wanted = {fold(name) for name in names}
        if not pa.types.is_struct(self.type):
            return None
        found = next((field for field in self.type if fold(field.name) in wanted), None)
        return None if found is None else Node(f"{self.sql}.{quoted(found.name)}", found.type)

    @property
    def is_text(self) -> bool:
        return bool(pa.types.is_string(self.type) or pa.types.is_large_string(self.type))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def columns(schema: pa.Schema) -> dict[str, str]:
    """ENTRIES column → SQL over the table `t`, and `asked`: whether the row has a timestamp at all."""
    root = Node("t", pa.struct(list(schema)))
    time, received = root.member("timestamp", "time"), root.member("receiveTimestamp")
    resource = root.member("resource")
    place = resource.member("labels") if resource else None
    http, labels = root.member("httpRequest"), root.member("labels")
    name = root.member("logName")
    text, payload = root.member("textPayload"), _first(root, "jsonPayload")
    return {
        "time": f"CASE WHEN {_present(time)} IS NULL THEN {_micros(received)} ELSE {_micros(time)} END",
        "receive_time": _micros(received),
        "asked": f"{_present(time)} IS NOT NULL",
        "log": f"COALESCE({_text(root.member('logId'))}, url_decode(regexp_extract({_text(name)}, '[^/]*$')), '')",
        "id": f"COALESCE({_text(root.member('insertId'))}, '')",
        "severity": f"COALESCE(NULLIF({_text(root.member('severity'))}, ''), 'DEFAULT')",
        "resource_type": _of(resource, "type"),
        "project": f"COALESCE({_of(place, 'project_id')}, "
        f"NULLIF(regexp_extract({_text(name)}, '^projects/([^/]+)', 1), ''))",
        "service": f"COALESCE({_of(place, 'service_name')}, '')",
        "revision": f"COALESCE({_of(place, 'revision_name')}, '')",
        "location": _of(place, "location"),
        "instance": f"COALESCE({', '.join(_of(labels, key) for key in INSTANCE_KEYS)}, '')",
        "trace": _text(root.member("trace")),
        "span_id": _text(root.member("spanId")),
        "labels": _json(labels, drop=INSTANCE_KEYS),
        "text": f"COALESCE({_plain_text(text, payload)}, {_not_json(payload)})",
        "json": _json(payload),
        "audit": _audit(root),
        "error_group": _error_group(root.member("errorGroups")),
        "method": _of(http, "requestMethod"),
        "url": _of(http, "requestUrl"),
        "status": f"TRY_CAST({_of(http, 'status')} AS BIGINT)",
        "latency_s": _seconds(http.member("latency") if http else None),
        "user_agent": _of(http, "userAgent"),
        "remote_ip": _of(http, "remoteIp"),
        "request_bytes": f"TRY_CAST({_of(http, 'requestSize')} AS BIGINT)",
        "response_bytes": f"TRY_CAST({_of(http, 'responseSize')} AS BIGINT)",
    }


def told(schema: pa.Schema) -> dict[str, str]:
    """What `marks.sql` asks of a row, by column, over the table `t`; nothing of it is null but status and latency."""
    listed = columns(schema)
    root = Node("t", pa.struct(list(schema)))
    payload, http = _first(root, "jsonPayload"), root.member("httpRequest")
    latency = http.member("latency") if http else None
    plain = latency is not None and pa.types.is_floating(latency.type)
    text = [_text(root.member("textPayload")), *_messages(payload)]
    return {
        "began": listed["time"],
        **{name: listed[name] for name in ("log", "id", "service", "revision", "instance")},
        "severity": _severity(listed["severity"], payload),
        **{name: f"COALESCE({listed[name]}, '')" for name in ("method", "url")},
        "agent": f"COALESCE({listed['user_agent']}, '')",
        "status": _whole_number(http.member("status") if http else None),
        "latency_s": latency.sql if plain and latency else f"CAST({listed['latency_s']} AS DOUBLE)",
        "text": f"COALESCE({', '.join(text)}, '')",
        "stack": _any_of(payload, STACK_KEYS),
    }


def _messages(payload: Node | None) -> list[str]:
    """What a payload says in words: its message, or all of it where it is JSON text."""
    if payload is None:
        return []
    if not pa.types.is_struct(payload.type):
        return [_text(payload)]
    return [_of(payload, key) for key in MESSAGE_KEYS if payload.member(key)]


def _severity(severity: str, payload: Node | None) -> str:
    """The entry's severity, or the level that its payload names where it has none."""
    fields = payload if payload is not None and pa.types.is_struct(payload.type) else None
    levels = [f"upper({_of(fields, key)})" for key in LEVEL_KEYS if fields and fields.member(key)]
    return f"COALESCE(NULLIF({severity}, 'DEFAULT'), {', '.join([*levels, chr(39) * 2])})"


def _any_of(payload: Node | None, keys: tuple[str, ...]) -> str:
    """Whether a payload has one of these members."""
    if payload is None or not pa.types.is_struct(payload.type):
        return "FALSE"
    found = [f"{node.sql} IS NOT NULL" for key in keys if (node := payload.member(key))]
    return f"({' OR '.join(found)})" if found else "FALSE"


def _whole_number(node: Node | None) -> str:
    if node is not None and pa.types.is_integer(node.type):
        return node.sql
    return f"TRY_CAST({_text(node)} AS BIGINT)"


def holds_entries(schema: pa.Schema) -> bool:
    """Whether any column is a field of a log entry besides its time; a table of metrics has none."""
    return bool({field_name(name) for name in schema.names} - {None, "timestamp", "receiveTimestamp"})


def _first(root: Node, field: str) -> Node | None:
    """The column of this payload; typed ones carry the type in their name."""
    names = (child.name for child in root.type if field_name(child.name) == field)
    found = sorted(names, key=len)
    return root.member(found[0]) if found else None


def _text(node: Node | None) -> str:
    if node is None:
        return NULL
    return f"NULLIF({node.sql}, '')" if node.is_text else f"CAST({node.sql} AS VARCHAR)"


def _present(node: Node | None) -> str:
    """Null where there is no value: an empty text is none, and what is no text need not become one to tell."""
    return _text(node) if node is None or node.is_text else node.sql


def _plain_text(node: Node | None, payload: Node | None) -> str:
    """textPayload: an empty line is a line, unless the row has a payload and the column only had to hold something."""
    if node is None or not node.is_text:
        return _text(node)
    return f"CASE WHEN {node.sql} != '' OR {payload.sql if payload else NULL} IS NULL THEN {node.sql} END"


def _of(node: Node | None, name: str) -> str:
    """A member as text: of a STRUCT, or of JSON text."""
    if node is None:
        return NULL
    if pa.types.is_struct(node.type):
        return _text(node.member(name))
    path = "$." + quoted(name)
    return f"CASE WHEN json_valid({_object(node)}) THEN NULLIF(json_extract_string({_object(node)}, '{path}'), '') END"


def _object(node: Node) -> str:
    """JSON text of a column that is JSON text or a map."""
    return node.sql if node.is_text else f"CAST(to_json({node.sql}) AS VARCHAR)"


def _micros(node: Node | None) -> str:
    """Microseconds since 1970. Timestamps without a zone are UTC."""
    if node is None:
        return "CAST(NULL AS BIGINT)"
    if pa.types.is_timestamp(node.type):
        return f"epoch_us({node.sql})"
    if pa.types.is_integer(node.type):
        unit = "1000000 WHEN {0} < 1e14 THEN {0} * 1000 WHEN {0} < 1e17 THEN {0} ELSE {0} // 1000 END"
        return f"CASE WHEN {node.sql} < 1e11 THEN {node.sql} * " + unit.format(node.sql)
    zoned = f"regexp_replace({_text(node)}, ' ?(UTC|Z)$', '+00:00')"
    return f"epoch_us(TRY_CAST({zoned} AS TIMESTAMP))"


def _seconds(node: Node | None) -> str:
    """A latency: FLOAT in the sink, text in the API, STRUCT<seconds, nanos> in Log Analytics."""
    if node is None:
        return NULL
    if pa.types.is_struct(node.type):
        seconds, nanos = (f"CAST(COALESCE({_text(node.member(part))}, '0') AS BIGINT)" for part in ("seconds", "nanos"))
        # In whole nanoseconds, so that the sum is the number that the text 1.714729812s stands for.
        return f"CASE WHEN {node.sql} IS NOT NULL THEN ({seconds} * 1000000000 + {nanos}) / 1e9 END"
    return f"TRY_CAST(regexp_replace({_text(node)}, 's$', '') AS DOUBLE)"


def _error_group(node: Node | None) -> str:
    if node is None or not pa.types.is_list(node.type) or not pa.types.is_struct(node.type.value_type):
        return NULL
    return _text(Node(f"{node.sql}[1]", node.type.value_type).member("id"))


def _json(node: Node | None, drop: tuple[str, ...] = (), rename: Rename = str) -> str:
    """JSON text without nulls: BigQuery's records have every member that any row ever had."""
    if node is None:
        return NULL
    if pa.types.is_struct(node.type):
        return _without_nulls(f"to_json({_packed(node, drop, rename)})")
    gone = ", ".join(f"{quoted(key)}: null".replace("'", "''") for key in drop)
    text = f"json_merge_patch(json({_object(node)}), '{{{gone}}}')" if drop else f"json({_object(node)})"
    return f"CASE WHEN json_valid({_object(node)}) THEN NULLIF(CAST({text} AS VARCHAR), '{{}}') END"


def _without_nulls(sql: str) -> str:
    """RFC 7386: merging into {} leaves nulls out, at every depth."""
    return f"NULLIF(CAST(json_merge_patch('{{}}', {sql}) AS VARCHAR), '{{}}')"


def _not_json(node: Node | None) -> str:
    if node is None or not node.is_text:
        return NULL
    return f"CASE WHEN NOT json_valid({node.sql}) THEN {node.sql} END"


def _audit(root: Node) -> str:
    node = _first(root, "protoPayload")
    inner = node.member("audit_log") if node else None
    return _json(inner, rename=camel) if inner else _json(node)


def _packed(node: Node, drop: tuple[str, ...] = (), rename: Rename = str) -> str:
    """The STRUCT with its members in the order of their names; a null one stays null."""
    members = sorted(_members(node, drop, rename))
    if not members:
        return "CAST(NULL AS JSON)"
    packed = ", ".join(f"{quoted(name)} := {sql}" for name, sql in members)
    return f"CASE WHEN {node.sql} IS NULL THEN NULL ELSE struct_pack({packed}) END"


def _members(node: Node, drop: tuple[str, ...], rename: Rename) -> Iterator[tuple[str, str]]:
    names = {field.name for field in node.type}
    for field in node.type:
        child = Node(f"{node.sql}.{quoted(field.name)}", field.type)
        body = BODIES.get(field.name)
        if field.name in drop:
            continue
        if body and body not in names and child.is_text:
            yield body, _body(child)
        else:
            yield rename(field.name), _value(child, rename)


def _value(node: Node, rename: Rename) -> str:
    """A member as `to_json` should see it."""
    kind = node.type
    if pa.types.is_struct(kind):
        return _packed(node, rename=rename)
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return f"list_transform({node.sql}, lambda e: {_packed(Node('e', kind.value_type), rename=rename)})"
    if pa.types.is_floating(kind):
        return f"CASE WHEN isfinite({node.sql}) THEN {node.sql} END"
    if rename is camel and node.is_text and re.search(r'\."(?:request|response|metadata|service_data)"$', node.sql):
        return _body(node)
    plain = pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_list(kind) or pa.types.is_map(kind)
    return node.sql if plain else f"CAST({node.sql} AS VARCHAR)"


def _body(node: Node) -> str:
    """A body that is JSON text, as JSON; as text where it is none."""
    return f"CASE WHEN json_valid({node.sql}) THEN json({node.sql}) ELSE to_json({node.sql}) END"
