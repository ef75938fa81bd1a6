"""Rows as the job writes them, around one window: green, zone 74, 18:00 to 18:15 on 24 December 2023."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from control_plane.sink.job_runs import StartedRun, record_run
from control_plane.sink.views import TABLES, relations

SHADOW = "taxi_reprocess_explained"
SERVED = "taxi_1"
ZONE = 74
RECORDS = ("taxi.backfill_runs", "taxi.parity_reports", "taxi.job_runs")
MONTH = date(2023, 12, 1)
END = datetime.fromisoformat("2023-12-24T18:15")
FILE = "green_tripdata_2023-12.parquet"
TRIP = (
    "(trip_id, taxi_type, source_file, source_month, pickup_at, dropoff_at, pickup_zone_id, vendor_id,"
    " total_amount_cents{more}) values (%(trip_id)s, %(taxi_type)s, %(file)s, %(month)s,"
    " %(dropoff_at)s::timestamp - interval '9 minutes', %(dropoff_at)s, %(zone)s, %(vendor)s,"
    " %(cents)s{values})"
)
ADDRESS = ", topic, partition, kafka_offset, arrived_at", ", 'trips', 0, %(offset)s, %(arrived_at)s"
QUARANTINED = (
    "(trip_id, taxi_type, rules, source_file, source_month, pickup_at, dropoff_at, pickup_zone_id,"
    " total_amount_cents, topic, partition, kafka_offset, arrived_at) values (%(trip_id)s, %(taxi_type)s,"
    " %(rules)s, %(file)s, %(month)s, %(dropoff_at)s::timestamp - interval '9 minutes', %(dropoff_at)s,"
    " %(zone)s, %(cents)s, 'trips', 0, %(offset)s, %(arrived_at)s)"
)


def trip_id(number: int) -> UUID:
    """The id of a trip."""
    return UUID(int=number)


@dataclass(frozen=True)
class Trips:
    """A database that holds the trips of a test; a trip n costs n dollars and ended n minutes after 18:00."""

    dsn: str

    def on_time(self, number: int, *, vendor: int = 1, table_set: str = SERVED, **more: Any) -> None:
        """A trip that came on time."""
        text = f"insert into {table_set}.all_trips {TRIP.format(more=', on_time', values=', true')}"
        self.execute(text, self._values(number, vendor=vendor, **more))

    def late(self, number: int, *, offset: int = 0, vendor: int = 1, **more: Any) -> None:
        """A trip that came half an hour after it ended; again, where the offset is another."""
        text = f"insert into {SERVED}.late_arrivals {TRIP.format(more=ADDRESS[0], values=ADDRESS[1])}"
        self.execute(text, self._values(number, offset=offset or 100 + number, vendor=vendor, **more))

    def quarantined(
        self, number: int, *rules: str, table_set: str = SERVED, offset: int = 0, **more: Any
    ) -> None:
        """A trip that breaks rules."""
        values = self._values(number, offset=offset or 200 + number, **more)
        self.execute(
            f"insert into {table_set}.quarantined_arrivals {QUARANTINED}", {**values, "rules": list(rules)}
        )

    def repeated(self, number: int, copies: int) -> None:
        """Copies of a trip while its minute was open."""
        self.execute(
            f"insert into {SERVED}.repeated_arrivals values (%(trip_id)s, 'green', %(dropoff_at)s, {copies})",
            self._values(number),
        )

    def window(self, *numbers: int, end: datetime = END, taxi_type: str = "green") -> None:
        """The job's window of these trips."""
        cents = 100 * sum(numbers)
        self.execute(
            f"insert into {SERVED}.on_time_windows"
            f" values (%(taxi_type)s, {ZONE}, %(end)s, %(trips)s, %(cents)s)"
            " on conflict (taxi_type, pickup_zone_id, window_end) do update"
            " set trips = excluded.trips, total_amount_cents = excluded.total_amount_cents",
            {"end": end, "trips": len(numbers), "cents": cents, "taxi_type": taxi_type},
        )

    def dead_letter(self, offset: int, at: str = "2023-12-24 18:05") -> None:
        """A record that cannot be decoded."""
        self.execute(
            f"insert into {SERVED}.dead_letters"
            " (topic, partition, kafka_offset, arrived_at, error_class, error)"
            " values ('trips', 0, %(offset)s, %(at)s, 'wrong_magic_byte', 'no Avro')",
            {"offset": offset, "at": at},
        )

    def refused(self, table: str, offset: int, **row: object) -> None:
        """A row of the job that Postgres refused."""
        self.execute(
            f"insert into {SERVED}.dead_letters"
            " (topic, partition, kafka_offset, arrived_at, error_class, error, payload)"
            " values (%(table)s, 0, %(offset)s, '2023-12-25', 'refused_by_sink', '22003: too large',"
            " %(payload)s)",
            {"table": table, "offset": offset, "payload": json.dumps(row).encode()},
        )

    def publish(self, run: str, engine: str = "spark") -> None:
        """The month as the other set has it."""
        self.execute(
            "insert into taxi.backfill_runs (run, taxi_type, month, engine, state, source_file)"
            " values (%(run)s, 'green', '2023-12', %(engine)s, 'published', %(file)s)",
            {"run": run, "engine": engine, "file": FILE},
        )
        self.execute(
            f"select {SERVED}.publish_month(%(run)s, '{SHADOW}', 'green', '{MONTH}', false)", {"run": run}
        )

    def compared(self, run: str, *, unexplained: int = 0, beside: str = "stream") -> None:
        """A comparison of the month with what a run made of it."""
        self.execute(
            "insert into taxi.parity_reports (run, taxi_type, month, engine, beside, equal, explained,"
            " unexplained, trips_equal, trips_changed, trips_only_served, trips_only_in_run)"
            " values (%(run)s, 'green', '2023-12', 'spark', %(beside)s, 1000, 3, %(unexplained)s,"
            " 9, 0, 0, 0)",
            {"run": run, "unexplained": unexplained, "beside": beside},
        )

    def started(self, release: int) -> None:
        """A start of the job."""
        record_run(self.dsn, StartedRun(f"job-{release}", SERVED, "zone_fares", release, "1a2b3c4", 2))

    def clear(self, *table_sets: str) -> None:
        """Delete every row, which is quicker than to truncate hundreds of empty partitions."""
        with psycopg.connect(self.dsn) as connection:
            names = [
                f"{table_set}.{name}"
                for table_set in table_sets
                for name in relations(connection, table_set, TABLES)
            ]
            connection.execute("set local session_replication_role = replica")  # without triggers
            for name in (*names, *RECORDS):
                connection.execute(f"delete from {name}".encode())

    def execute(self, text: str, values: dict[str, Any] | None = None) -> None:
        """Change what the database holds, in a transaction of its own."""
        with psycopg.connect(self.dsn) as connection:
            connection.execute(text.encode(), values)

    def _values(self, number: int, **more: Any) -> dict[str, Any]:
        ended_at = END - timedelta(minutes=15 - number)
        values = {
            "trip_id": trip_id(number),
            "taxi_type": "green",
            "file": FILE,
            "month": MONTH,
            "dropoff_at": ended_at,
            "zone": ZONE,
            "vendor": 1,
            "cents": 100 * number,
            "offset": 0,
            "arrived_at": ended_at + timedelta(minutes=30),
        }
        return {**values, **more}
