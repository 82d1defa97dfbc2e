"""A table's live schema, as `tables.get` tells it: what is there can be asked for, and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from netra_analysis.sources.bigquery.names import is_column
from netra_analysis.sources.reading.dialect import field_name, fold


@dataclass(frozen=True, slots=True)
class Column:
    """One column or member: its stored name, its type, and what it holds inside."""

    name: str
    type: str
    repeated: bool = False
    members: tuple["Column", ...] = ()

    def member(self, name: str) -> "Column | None":
        """The member of this name, whatever its case and underscores (`instanceId` is stored `instanceid`)."""
        return named(self.members, name)


def named(columns: Iterable[Column], name: str) -> Column | None:
    return next((column for column in columns if fold(column.name) == fold(name)), None)


def at(columns: Iterable[Column], path: str) -> Column | None:
    """The column at a dotted path such as `resource.labels.service_name`."""
    found: Column | None = None
    for step in path.split("."):
        found = named(columns if found is None else found.members, step)
        if found is None:
            return None
    return found


def payload(columns: Iterable[Column], field: str) -> Column | None:
    """The column of this payload; typed ones carry the type in their name, the shortest is the plain one."""
    found = [column for column in columns if field_name(column.name) == field]
    return min(found, key=lambda column: len(column.name)) if found else None


def resource_name(columns: Iterable[Column]) -> str | None:
    """The path of the audit payload's resource name, where there are audit entries."""
    audit = payload(columns, "protoPayload")
    inner = audit.member("audit_log") if audit else None
    holder = inner or audit
    name = holder.member("resourceName") if holder else None
    return ".".join(part.name for part in (audit, inner, name) if part) if name else None


def of_schema(fields: Iterable[Mapping[str, Any]]) -> tuple[Column, ...]:
    """The columns of an API schema; one whose name SQL would have to quote is left out, with its members."""
    return tuple(
        Column(
            field["name"],
            {"STRUCT": "RECORD"}.get(field["type"], field["type"]),
            field.get("mode") == "REPEATED",
            of_schema(field.get("fields", ())),
        )
        for field in fields
        if is_column(field["name"])
    )
