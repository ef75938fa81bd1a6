"""The SQL of a table set: the files of `postgres/table_set` with the trip columns filled in.

A file contains `${list}`, or `${prefix.list}` for the columns of one table of a query:

    trip_columns             every column of the contract, in its order
    trip_column_definitions  the same with their types
    optional_trip_columns    with their types, those that a trip may lack: later versions add only these
    shown_trip_columns       those of the view `trips`
    trip_details             those in which two records of one trip may differ
    trip_values              the same without the source file of a record

Releases keep their files, and a later control plane fills them in: a list stays as long as a release uses it.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from schemas.errors import UserError
from schemas.trip import TripSchema, all_versions
from schemas.trip_columns import TripColumn, columns_of

FIRST_SHOWN_VERSION = 2
"""First version with its columns in `taxi.trips`; Postgres appends new columns of a view at its end only."""

PROVENANCE = {"source_file", "source_month"}

_PLACEHOLDER = re.compile(r"(^ *)?\$\{(?:(\w+)\.)?(\w+)\}", re.MULTILINE)


def filled(path: Path) -> str:
    """Return a file's text, with the columns of the contract in its tree; UserError for an unknown list."""
    lists = column_lists(all_versions(path.parents[2] / "avro" / "trip"))

    def columns(placeholder: re.Match[str]) -> str:
        indent, prefix, name = placeholder.groups(default="")
        if name not in lists:
            raise UserError(f"{path}: unknown column list {name}", f"use one of {', '.join(lists)}")
        # A list on lines of its own gets one line per column.
        separator = f",\n{indent}" if indent else ", "
        return indent + separator.join(f"{prefix}.{column}" if prefix else column for column in lists[name])

    return _PLACEHOLDER.sub(columns, path.read_text("utf-8"))


def column_lists(versions: Sequence[TripSchema]) -> Mapping[str, Sequence[str]]:
    """Return the column lists for a file, by the newest of these versions."""
    columns = columns_of(versions[-1])
    names = [column.name for column in columns]
    first = {name for schema in versions if schema.version <= FIRST_SHOWN_VERSION for name in schema.columns}
    details = [column.name for column in columns if not column.identifies]
    return {
        "trip_columns": names,
        "trip_column_definitions": [_definition(column) for column in columns],
        "optional_trip_columns": [
            _definition(column) for column in columns if not column.is_in_every_valid_trip
        ],
        "shown_trip_columns": [
            *(name for name in names if name in first),
            "on_time",
            *(name for name in names if name not in first),
        ],
        "trip_details": details,
        "trip_values": [name for name in details if name not in PROVENANCE],
    }


def _definition(column: TripColumn) -> str:
    not_null = " not null" if column.is_in_every_valid_trip else ""
    return f"{column.name} {column.types.postgres}{not_null}"
