"""Read the columns of a Parquet file from its footer; Spark's own types hide some details."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batch_backfill.storage import Storage

PRIMITIVES = {
    "BOOLEAN": "BOOLEAN",
    "INT32": "INTEGER",
    "INT64": "BIGINT",
    "FLOAT": "FLOAT",
    "DOUBLE": "DOUBLE",
    "INT96": "TIMESTAMP",
    "BINARY": "BLOB",
}
"""DuckDB's type names, as schemas/vintages.py lists them."""

CLOCK_UNITS = {"MILLIS": "TIMESTAMP_MS", "MICROS": "TIMESTAMP", "NANOS": "TIMESTAMP_NS"}


@dataclass(frozen=True)
class Footer:
    """The columns of a file, including duplicates; their types; and the row count."""

    names: Sequence[str]
    types: Mapping[str, str]
    rows: int


def read_footer(storage: Storage, path: str) -> Footer:
    """Read the footer at the end of the file."""
    hadoop = storage.parquet()
    reader = hadoop.ParquetFileReader.open(
        hadoop.util.HadoopInputFile.fromPath(storage.path(path), storage.configuration)
    )
    try:
        empty = set(_columns_without_values(reader.getFooter()))
        fields = reader.getFileMetaData().getSchema().getFields()
        types = {field.getName(): _type(field, is_empty=field.getName() in empty) for field in fields}
        return Footer([field.getName() for field in fields], types, reader.getRecordCount())
    finally:
        reader.close()


def read_row_count(storage: Storage, path: str) -> int:
    """Return the rows of a file, by its footer."""
    hadoop = storage.parquet()
    reader = hadoop.ParquetFileReader.open(
        hadoop.util.HadoopInputFile.fromPath(storage.path(path), storage.configuration)
    )
    try:
        return int(reader.getRecordCount())
    finally:
        reader.close()


def _type(field: Any, *, is_empty: bool) -> str:
    if not field.isPrimitive():
        return "STRUCT"
    primitive = field.asPrimitiveType().getPrimitiveTypeName().toString()
    annotation = field.getLogicalTypeAnnotation()
    text = annotation.toString() if annotation else ""
    if text.startswith("TIMESTAMP"):
        unit, is_utc = text.removeprefix("TIMESTAMP(").removesuffix(")").split(",")
        return "TIMESTAMP WITH TIME ZONE" if is_utc == "true" else CLOCK_UNITS[unit]
    # Arrow writes a column without a type as numbers that are all null.
    if is_empty and not text:
        return "NULL"
    if text.startswith("DECIMAL"):
        return text
    return "VARCHAR" if text == "STRING" else PRIMITIVES.get(primitive, primitive)


def _columns_without_values(footer: Any) -> Iterator[str]:
    rows: dict[str, int] = {}
    nulls: dict[str, int] = {}
    for block in footer.getBlocks():
        for chunk in block.getColumns():
            name = chunk.getPath().toDotString()
            rows[name] = rows.get(name, 0) + chunk.getValueCount()
            nulls[name] = nulls.get(name, 0) + chunk.getStatistics().getNumNulls()
    return (name for name, count in rows.items() if 0 < count == nulls[name])
