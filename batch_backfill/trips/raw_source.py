"""Open a file of a month as a table under the canonical column names, or refuse it with a one-line error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from batch_backfill.causes import innermost
from batch_backfill.raw_months import RawFile
from batch_backfill.sql import quoted_name, quoted_text
from batch_backfill.storage import Storage, spark_path
from batch_backfill.trips.footer import read_footer
from batch_backfill.trips.raw_csv import FETCH_AGAIN, readable_csv
from batch_backfill.trips.zone_function import ZONE_AT, register_zone_at
from schemas.errors import UserError
from schemas.file_bytes import HEAD_BYTES, refuse_other_kinds
from schemas.vintages import (
    CLOCKS,
    CODES,
    FLAGS,
    NUMBERS_IN_TEXT,
    SOURCE_COLUMNS,
    Kind,
    Layout,
    refuse_repeated_names,
    resolve,
)
from schemas.zone_shapes import read_shapes

TORN = "torn_row"


@dataclass(frozen=True)
class RawSource:
    """A readable file: its rows under their own names, and `file_row`, their order.

    `types` are the column types in DuckDB's names; `rows_in_file` is counted without Spark's reader; `torn`
    holds a line that is not a row.
    """

    file: RawFile
    layout: Layout
    rows: DataFrame
    types: Mapping[str, str]
    rows_in_file: int
    torn: str = "cast(null as string)"

    def projection(self) -> Sequence[str]:
        """Return the contract's source columns, with macro calls."""
        columns = (f"{self._value(column.name)} as {column.name}" for column in SOURCE_COLUMNS)
        return ("file_row", f"{self.torn} as {TORN}", *columns)

    def _value(self, name: str) -> str:
        if name in self.layout.found:
            return self._reading(name)
        if name in self.layout.zones_by_coordinates:
            degrees = (f"coordinate({self._reading(part)})" for part in self.layout.computed[name])
            return f"{ZONE_AT}({', '.join(degrees)})"
        return "null"

    def _reading(self, name: str) -> str:
        """Return the expression that converts a value of this vintage to the current form."""
        original, kind = self.layout.found[name], self.layout.read[name]
        value, stored = quoted_name(original), self.types[original]
        if kind in CODES:
            macro = "flag" if CODES[kind] is FLAGS else "code"
            return f"{macro}({_text_value(value, stored)}, {_map(CODES[kind])})"
        if kind is Kind.LICENCE:
            return f"licence({_text_value(value, stored)})"
        if kind in CLOCKS:
            return _clock(value, stored)
        if stored == "VARCHAR":
            return f"number_text({value})" if kind in NUMBERS_IN_TEXT else _text_value(value, stored)
        return value


def open_source(
    session: SparkSession, storage: Storage, file: RawFile, *, scratch: str, shapes: str = ""
) -> RawSource:
    """Open the file as a lazy table; raises UserError if it is refused.

    `scratch` is a folder for a copy, for a file that Spark would not read correctly. `shapes` is the file
    with the zone shapes.
    """
    if file.size == 0:
        raise UserError(f"{file.path}: the file is empty", FETCH_AGAIN)
    try:
        source = (
            _parquet(session, storage, file) if file.is_parquet else _csv(session, storage, file, scratch)
        )
    except (PySparkException, Py4JJavaError) as error:
        raise unreadable(file, error) from None
    if source.layout.zones_by_coordinates:
        provide_zones(session, storage, file, shapes)
    return source


def provide_zones(session: SparkSession, storage: Storage, file: RawFile, shapes: str) -> None:
    """Register the zone function in SQL; raises UserError if no shapes are given."""
    if not shapes:
        raise UserError(
            f"{file.path}: has coordinates instead of taxi zones, like all months before 2016-07,"
            " and the zone shapes are missing",
            "set TAXI_ZONES_FILE to taxi_zones.geojson or taxi_zones.topojson",
        )
    register_zone_at(session, read_shapes(storage.read_text(shapes), shapes))


def unreadable(file: RawFile, error: Exception) -> UserError:
    """Return the error for a file that Spark cannot read."""
    reason = innermost(error)
    if "magic number" in reason or "is not a Parquet file" in reason:
        reason = "it is truncated or not Parquet (no Parquet footer)"
    return UserError(f"{file.path}: cannot read the file: {reason}", FETCH_AGAIN)


def _parquet(session: SparkSession, storage: Storage, file: RawFile) -> RawSource:
    refuse_other_kinds(file.path, file.name, next(storage.blocks(file.path, HEAD_BYTES), b""))
    footer = read_footer(storage, file.path)
    refuse_repeated_names(footer.names, file)
    rows = session.read.parquet(spark_path(file.path))
    rows = rows.selectExpr("*", _row_position("0L", "_metadata.row_index"))
    return RawSource(file, resolve(footer.types, file), rows, footer.types, footer.rows)


def _csv(session: SparkSession, storage: Storage, file: RawFile, scratch: str) -> RawSource:
    readable = readable_csv(storage, file, scratch)
    if not readable.head.columns:
        raise UserError(f"{file.path}: is empty", FETCH_AGAIN)
    refuse_repeated_names(readable.head.names, file)
    types = dict.fromkeys(readable.head.columns, "VARCHAR")
    layout = resolve(types, file)
    schema = ", ".join(f"{quoted_name(name)} string" for name in (*readable.head.columns, TORN))
    path = spark_path(readable.path)
    rows = session.read.csv(path, schema, header=True, escape='"', columnNameOfCorruptRecord=TORN)
    # A big CSV is read in blocks, in any order; within a block, Spark numbers the rows in file order.
    place = _row_position("_metadata.file_block_start", "monotonically_increasing_id()")
    return RawSource(
        file, layout, rows.selectExpr("*", place), types, readable.rows_in_file, quoted_name(TORN)
    )


def _row_position(block: str, row: str) -> str:
    return f"named_struct('block', {block}, 'row', {row}) as file_row"


def _clock(value: str, stored: str) -> str:
    if stored == "TIMESTAMP_NS":
        return f"cast(timestamp_micros({value} div 1000) as timestamp_ntz)"
    return f"clock_text({value})" if stored == "VARCHAR" else value


def _text_value(value: str, stored: str) -> str:
    """Treat an empty text as null."""
    return f"nullif({value}, '')" if stored == "VARCHAR" else value


def _map(texts: Mapping[str, str]) -> str:
    pairs = (f"{quoted_text(key)}, {quoted_text(value)}" for key, value in texts.items())
    return f"map({', '.join(pairs)})"
