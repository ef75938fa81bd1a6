"""Convert the raw files of a month to trips: each with its identity, and the rules that it breaks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

from batch_backfill.raw_months import RawFile
from batch_backfill.sql import query, quoted_text
from batch_backfill.trips.macros import Macros
from batch_backfill.trips.raw_source import TORN, RawSource
from schemas.errors import UserError
from schemas.standardisation import DEMANDS, is_what_it_claims, normalise_sql
from schemas.vintages import Layout

TAKE_THE_TLCS = "fetch the TLC's original file with ./taxi fetch"
FEW = 1_000_000
"""The most rows that may be broadcast to every executor."""


@dataclass(frozen=True)
class Counted:
    """The trips of a month, each once, including those that break a rule, and the count of rejected rows."""

    trips: DataFrame
    rows_read: int
    rejects: int
    in_one_task: bool
    """Whether they are so few that they are in one partition, for one task."""


@contextmanager
def counted(session: SparkSession, sources: Sequence[RawSource], rows_for_one_task: int) -> Iterator[Counted]:
    """Standardise the files of a month; raises UserError if a file is not what it claims to be."""
    standardised = reduce(DataFrame.unionByName, [_standardised(session, source) for source in sources])
    in_one_task = sum(source.rows_in_file for source in sources) <= rows_for_one_task
    if in_one_task:
        standardised = standardised.coalesce(1)
    # Read several times from here on: rows that were unpacked, cast and checked once are persisted on disk.
    standardised = standardised.persist(StorageLevel.DISK_ONLY)
    try:
        rows_read, rejects = _examined(standardised, sources)
        kept = _kept(standardised, sources[0].file)
        trips = _identified(_numbered(kept) if in_one_task else _numbered_where_repeated(kept))
        yield Counted(trips if len(sources) == 1 else _first_copies(trips), rows_read, rejects, in_one_task)
    finally:
        standardised.unpersist()


def _standardised(session: SparkSession, source: RawSource) -> DataFrame:
    """Return the rows of a file in the contract's types, as schemas/sql/normalise.sql converts them."""
    macros, file = Macros.read(), source.file
    source.rows.selectExpr(*map(macros.expanded, source.projection())).createOrReplaceTempView("source")
    sql = normalise_sql(source.layout, file.taxi_type, no_row=f"{TORN} is not null")
    rows = session.sql(macros.expanded(sql))
    # The month is a text until it is read from what was persisted: Spark writes a date into the code that it
    # generates, and would compile and warm up other code for each month.
    return rows.selectExpr(
        "*",
        f"{file.position} as file_position",
        f"{quoted_text(file.name)} as source_file",
        f"'{file.tlc_month.first_day}' as first_day",
    )


def _examined(standardised: DataFrame, sources: Sequence[RawSource]) -> tuple[int, int]:
    """Count all rows, and those that are left out."""
    found = _run_sql(query("trips", "examined.sql"), standardised=standardised).collect()
    found.sort(key=lambda row: (-row.trips, row.misfit or ""))
    for source in sources:
        trips = {row.misfit: row.trips for row in found if row.file_position == source.file.position}
        _refuse_unaccounted_rows(source, sum(trips.values()))
        _refuse_what_is_something_else(source, trips)
    return sum(row.trips for row in found), sum(row.trips for row in found if row.misfit)


def _refuse_unaccounted_rows(source: RawSource, rows: int) -> None:
    if rows != source.rows_in_file:
        raise UserError(
            f"{source.file.path}: has {source.rows_in_file:,} rows, but Spark read {rows:,};"
            " the month is refused",
            TAKE_THE_TLCS,
        )


def _refuse_what_is_something_else(source: RawSource, trips: dict[str | None, int]) -> None:
    rows = sum(trips.values())
    rejects = {name: count for name, count in trips.items() if name}
    if not is_what_it_claims(sum(rejects.values()), rows):
        name, count = max(rejects.items(), key=lambda reject: reject[1])
        raise UserError(
            f"{source.file.path}: {count:,} of {rows:,} rows {_fault(source.layout, name)}", TAKE_THE_TLCS
        )


def _fault(layout: Layout, name: str) -> str:
    """Return the error text for rows that do not fit because of this column."""
    if name not in layout.read:
        return "are not valid CSV: they have too few or too many fields, or a misplaced quote"
    return f"are invalid: their {layout.found[name]} are not {DEMANDS[layout.read[name]].plural}"


def _kept(standardised: DataFrame, file: RawFile) -> DataFrame:
    sql = query("trips", "kept.sql", taxi_type=quoted_text(file.taxi_type))
    return _run_sql(sql, standardised=standardised).drop("misfit", "first_day")


def _numbered(kept: DataFrame) -> DataFrame:
    return _run_sql(query("trips", "numbered.sql"), kept=kept)


def _numbered_where_repeated(kept: DataFrame) -> DataFrame:
    repeats = _run_sql(query("trips", "repeats.sql"), kept=kept).cache()
    if repeats.count() < FEW:
        repeats = repeats.hint("broadcast")
    return _run_sql(query("trips", "numbered_where_repeated.sql"), kept=kept, repeats=repeats)


def _identified(numbered: DataFrame) -> DataFrame:
    return _run_sql(query("trips", "identified.sql"), numbered=numbered).drop("digest", "ordinal")


def _first_copies(identified: DataFrame) -> DataFrame:
    return _run_sql(query("trips", "first_copies.sql"), identified=identified).drop("copy")


def valid_trips(trips: DataFrame) -> DataFrame:
    """Select the trips that break no rule."""
    return _run_sql(query("trips", "trips.sql"), counted=trips)


def quarantined(trips: DataFrame) -> DataFrame:
    """Select the trips that break a rule."""
    return _run_sql(query("trips", "quarantined.sql"), counted=trips)


def _run_sql(sql: str, **tables: DataFrame) -> DataFrame:
    """Run a query on these tables."""
    for name, table in tables.items():
        table.createOrReplaceTempView(name)
    session = next(iter(tables.values())).sparkSession
    return session.sql(sql)
