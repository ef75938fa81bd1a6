"""Compute the windows that every program has to produce, by the oracle of the tests, and compare others."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from pyarrow.csv import ReadOptions, read_csv

from bench.peer_programs.digest import mixed_sql
from tests.oracle.oracle import Oracle

EQUAL = "equal"
"""The result of a comparison without differences."""
EXPECTED = """
create table expected as
select
    pickup_zone_id::bigint as zone,
    epoch(window_end)::bigint // 60 as minute,
    trips,
    total_amount_cents as cents
from expected_zone_fares_15m
"""
SUMS = """
select count(*), sum(trips)::bigint, sum(cents)::bigint, sum({mixed})::bigint,
    make_timestamp(max(minute) * 60000000)
from expected
"""
DIFFERENCES = """
select
    count(*) filter (where actual.zone is null),
    count(*) filter (where expected.zone is null),
    count(*) filter (
        where expected.trips is distinct from actual.trips or expected.cents is distinct from actual.cents
    )
from expected full join actual using (zone, minute)
"""


@dataclass(frozen=True)
class WindowSums:
    """What a program has counted so far; the digest covers each window's zone, end, trips and cents."""

    records: int = 0
    windows: int = 0
    trips: int = 0
    cents: int = 0
    digest: int = 0

    def difference(self, expected: "WindowSums") -> str:
        """Describe how these windows differ from the expected ones; `equal` if they do not."""
        if (self.windows, self.trips, self.cents, self.digest) == (
            expected.windows,
            expected.trips,
            expected.cents,
            expected.digest,
        ):
            return EQUAL
        if self.windows == expected.windows and self.trips == expected.trips:
            return "differ in sums"
        windows, trips = self.windows - expected.windows, self.trips - expected.trips
        return f"{windows:+,} windows, {trips:+,} counts of trips"


class ExpectedWindows:
    """The windows of one month."""

    def __init__(self, file: Path, taxi_type: str, month: str) -> None:
        self._connection = Oracle([file], taxi_type, month).connection
        self._connection.execute(EXPECTED)
        mixed = mixed_sql(zone="zone", minute="minute", trips="trips", cents="cents")
        row = self._connection.execute(SUMS.format(mixed=mixed)).fetchall()[0]
        self.sums = WindowSums(0, *row[:4])
        self.last_end = row[4]

    def differences(self, connection: psycopg.Connection[Any], query: str) -> str:
        """Compare row for row what a query of zone, minute, trips and cents returns in Postgres."""
        rows = io.BytesIO()
        with (
            connection.cursor() as cursor,
            cursor.copy(f"copy ({query}) to stdout (format csv)".encode()) as copy,
        ):
            for part in copy:
                rows.write(part)
        return self.differences_of(rows)

    def differences_of(self, rows: io.BytesIO) -> str:
        """Compare rows in CSV format."""
        rows.seek(0)
        columns = ReadOptions(column_names=["zone", "minute", "trips", "cents"])
        actual = read_csv(rows, columns)
        self._connection.register("actual", actual)
        missing, additional, different = self._connection.execute(DIFFERENCES).fetchall()[0]
        self._connection.unregister("actual")
        if not different:
            return EQUAL
        return f"{missing:,} missing, {additional:,} additional, {different - missing - additional:,} differ"
