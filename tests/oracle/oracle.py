"""From raw TLC months to the rows that the platform must show, computed without any of its code."""

from collections.abc import Sequence
from datetime import date
from importlib.resources import files as resources
from pathlib import Path
from typing import TypeAlias

import duckdb
import pyarrow as pa

SHOWN_DIFFERENCES = 10

STEPS = ("arrivals", "trips", "valid_trips", "quarantined", "zone_fares_15m", "totals", "rule_counts")

Rows: TypeAlias = duckdb.DuckDBPyRelation | pa.Table | Sequence[Sequence[object]]


class Oracle:
    """Expected rows of one taxi type and month.

    A trip that stands in several of the files is counted once, with the values of the first of them;
    `count_repeats=True` counts it as often as it stands there.
    """

    def __init__(
        self, files: Sequence[Path], taxi_type: str, month: str, *, count_repeats: bool = False
    ) -> None:
        self.connection = duckdb.connect(config={"threads": 2, "preserve_insertion_order": True})
        self._set("taxi_type", taxi_type)
        self._set("source_month", date.fromisoformat(f"{month}-01"))
        self._set("count_repeats", count_repeats)
        self._run("tlc_columns")
        for position, file in enumerate(files):
            self._read(file, position)
        for step in STEPS:
            self._run(step)

    def zone_fares_15m(self) -> duckdb.DuckDBPyRelation:
        """The rows of `taxi.zone_fares_15m`."""
        return self.connection.table("expected_zone_fares_15m")

    def valid_trips(self) -> duckdb.DuckDBPyRelation:
        """The rows of `taxi.trips`."""
        return self.connection.table("expected_valid_trips")

    def quarantined(self) -> duckdb.DuckDBPyRelation:
        """The trips that break a rule; `rules` is a list in the order of the alphabet."""
        return self.connection.table("expected_quarantined")

    def totals(self) -> dict[str, float]:
        """Rows of each result, and the sums over the valid trips."""
        relation = self.connection.table("expected_totals")
        (row,) = relation.fetchall()
        return dict(zip(relation.columns, row, strict=True))

    def row_counts(self) -> tuple[int, int, int]:
        """Rows of the windows, the valid and the quarantined trips."""
        (row,) = self.connection.table("expected_totals").fetchall()
        return row[0], row[1], row[2]

    def rule_counts(self) -> dict[str, int]:
        """How many trips break each rule."""
        return dict(self.connection.table("expected_rule_counts").fetchall())

    def _read(self, file: Path, position: int) -> None:
        self._set("path", str(file))
        self._set("source_file", file.name)
        self._set("file_position", position)
        self._run("parquet_rows" if file.suffix == ".parquet" else "csv_rows")

    def _set(self, name: str, value: object) -> None:
        self.connection.execute(f"set variable {name} = $value", {"value": value})

    def _run(self, step: str) -> None:
        self.connection.execute(_sql(step))


def assert_same_rows(expected: duckdb.DuckDBPyRelation, actual: Rows) -> None:
    """Fail, showing the first differing rows, unless both sides hold the same rows equally often.

    `actual` is a relation or Arrow table with the columns of `expected` in any order, or rows in its order.
    """
    found = differences(expected, actual)
    assert found.num_rows == 0, described(found)


def differences(expected: duckdb.DuckDBPyRelation, actual: Rows) -> pa.Table:
    """The rows that stand on one side only, with the side."""
    columns = expected.columns
    table = actual if isinstance(actual, pa.Table) else _as_table(actual, columns)
    assert sorted(table.column_names) == sorted(columns), f"columns {table.column_names}, expected {columns}"
    return _differences(expected.to_arrow_table(), table.select(columns))


def described(differences: pa.Table) -> str:
    """How many rows differ, and the first of each side."""
    sides = differences.column("side").to_pylist()
    counts = {side: sides.count(side) for side in ("only expected", "only actual")}
    shown = [
        f"  {row}"
        for side in counts
        for row in [row for row in differences.to_pylist() if row["side"] == side][:SHOWN_DIFFERENCES]
    ]
    return "\n".join([f"rows differ: {counts}; the first of each side:", *shown])


def _as_table(rows: duckdb.DuckDBPyRelation | Sequence[Sequence[object]], columns: list[str]) -> pa.Table:
    if isinstance(rows, duckdb.DuckDBPyRelation):
        return rows.to_arrow_table()
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pa.table({name: _array(column) for name, column in zip(columns, values, strict=True)})


def _array(column: Sequence[object]) -> pa.Array:
    """Arrow cannot tell the type of uuid.UUID: such values are compared as text."""
    if type(next((value for value in column if value is not None), None)).__name__ == "UUID":
        return pa.array([None if value is None else str(value) for value in column])
    return pa.array(column)


def _differences(expected: pa.Table, actual: pa.Table) -> pa.Table:
    with duckdb.connect() as connection:
        connection.register("expected_rows", expected)
        connection.register("actual_rows", actual)
        return connection.sql(_sql("differences")).to_arrow_table()


def _sql(step: str) -> str:
    return (resources("tests.oracle") / f"{step}.sql").read_text("utf-8")
