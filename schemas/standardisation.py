"""One SQL text for every engine: from the rows of a vintage to the trips of the contract.

The text calls macros by name (`whole`, `cents`, `clock` …). Each engine defines them, because no two engines
spell casts alike; the tests compare the definitions with each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Template

from schemas.trip_columns import LONGEST_TEXT, TripColumn, current_columns
from schemas.vintages import CONTRACT_COLUMNS, Kind, Layout


@dataclass(frozen=True)
class Demand:
    """A requirement of the contract on a value: the macro that is true where it fails, and its wording."""

    is_missed: str
    plural: str
    missed: str
    bound: str = ""
    """Additional argument of the macro."""

    def is_missed_by(self, column: str) -> str:
        """Return the macro call for the values of a column."""
        return f"{self.is_missed}({column}{f', {self.bound}' if self.bound else ''})"


_WHOLE = Demand("is_no_whole", "whole numbers in range", "not a whole number in range")
_AMOUNT = Demand("is_no_amount", "amounts in range", "not an amount in range")
_CLOCK = Demand(
    "is_no_clock",
    "New York times like 2024-01-31 08:00:00, without UTC offset",
    "not a time like 2024-01-31 08:00:00, without UTC offset",
)
_TEXT = Demand(
    "is_no_text",
    "texts that Avro and SQL can store",
    "not a text that Avro and SQL can store",
    str(LONGEST_TEXT),
)
DEMANDS: Mapping[Kind, Demand] = {
    Kind.CLOCK: _CLOCK,
    Kind.WRITTEN_CLOCK: _CLOCK,
    Kind.WHOLE: _WHOLE,
    Kind.PAYMENT_CODE: _WHOLE,
    Kind.VENDOR_CODE: _WHOLE,
    Kind.LICENCE: Demand("is_no_whole", "licences like HV0003", "not a licence like HV0003"),
    Kind.AMOUNT: _AMOUNT,
    Kind.DEGREES: Demand("is_no_number", "coordinates in degrees", "not a coordinate in degrees"),
    Kind.TEXT: _TEXT,
    Kind.FLAG: _TEXT,
    Kind.FLAG_CODE: _TEXT,
}


CASTS = {
    "local-timestamp-millis": "clock({})",
    "int": "whole({})",
    "double": "finite({})",
    "string": "cast({} as string)",
    "long": "cents({})",
}
"""Casts to the contract's types, by Avro type; a long is money."""

COMPUTED_COLUMNS = ("extra_cents", "total_amount_cents")
"""Columns that normalise.sql computes itself: in some files they are the sum of other columns."""

NORMALISE = (files("schemas") / "sql" / "normalise.sql").read_text("utf-8")
"""The query common to all vintages; `${…}` marks the parts that differ."""


def normalise_sql(layout: Layout, taxi_type: str, *, no_row: str = "false") -> str:
    """Return the query that reads `source`: the rows of a file under canonical names, as it stores them.

    Where `no_row` is true the line was torn and does not hold a row.
    """
    misfit = misfit_sql(layout, no_row=no_row)
    return Template(NORMALISE).substitute(cast_columns=cast_columns_sql(), taxi_type=taxi_type, misfit=misfit)


def cast_columns_sql() -> str:
    """Return SQL that casts each source column of the contract; ValueError for one that no known file has."""
    # The required columns do not come from the values of a row: they are its identity and its source file.
    columns = [column for column in current_columns() if not column.is_required]
    return ",\n    ".join(_cast(column) for column in columns if column.name not in COMPUTED_COLUMNS)


def _cast(column: TripColumn) -> str:
    source = column.name.removesuffix("_cents")
    if source not in CONTRACT_COLUMNS:
        raise ValueError(
            f"schemas/vintages.py does not declare the TLC's name of {source}, which {column.name} needs"
        )
    return f"{CASTS[column.avro_type].format(source)} as {column.name}"


def misfit_sql(layout: Layout, *, no_row: str = "false") -> str:
    """Return SQL that names the first column of a row whose value the contract cannot carry, or `row`."""
    cases = (f"when {DEMANDS[kind].is_missed_by(name)} then '{name}'" for name, kind in layout.read.items())
    torn = "" if no_row == "false" else f"when {no_row} then 'row' "
    return f"case {torn}{' '.join(cases)} end"


def is_what_it_claims(rejected: int, rows: int) -> bool:
    """Return whether at most a tenth of the rows is rejected; otherwise the file does not match its name."""
    return rejected * 10 <= rows
