"""A database with fares as the job writes them, and a map server that reads it."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import psycopg

from stack.ports import LOOPBACK, any_free_port
from stack.probes import get_json
from stack.settings import ROOT
from stack.toolchain.environments import ensure_environment
from tests.waiting import wait_for

NOON = datetime.fromisoformat("2023-12-15T12:00")
ON_TIME = """
insert into taxi_1.on_time_windows (taxi_type, pickup_zone_id, window_end, trips, total_amount_cents)
select %(taxi_type)s, zone_id, window_end, trips, cents
from unnest(%(zones)s::int[], %(ends)s::timestamp[], %(trips)s::bigint[], %(cents)s::bigint[])
    as fares (zone_id, window_end, trips, cents)
on conflict (taxi_type, pickup_zone_id, window_end) do update
set
    trips = excluded.trips, total_amount_cents = excluded.total_amount_cents
"""
LATE = """
insert into taxi_internal.late_arrivals (
    topic, partition, kafka_offset, arrived_at, trip_id, taxi_type, source_file, source_month,
    pickup_at, dropoff_at, pickup_zone_id, total_amount_cents
)
values (
    'trips', 0, %(number)s, %(at)s, %(trip_id)s, %(taxi_type)s, 'f', '2023-12-01',
    %(at)s::timestamp - interval '9 minutes', %(at)s, %(zone_id)s, %(cents)s
)
"""
# What the map is to show: the newest window of each zone within the hour before a moment.
SHOWN = """
select distinct on (fares.pickup_zone_id)
    fares.pickup_zone_id,
    to_char(fares.window_end, 'YYYY-MM-DD"T"HH24:MI'),
    fares.trips,
    fares.avg_total_amount::text
from taxi.zone_fares_15m as fares
where
    fares.taxi_type = %(taxi_type)s and fares.window_end <= %(at)s
    and fares.window_end >= %(at)s::timestamp - interval '60 minutes'
order by fares.pickup_zone_id, fares.window_end desc
"""


@dataclass(frozen=True)
class City:
    """The tables of a database of its own."""

    dsn: str

    def put(self, taxi_type: str, end: datetime, fares: Mapping[int, tuple[int, int]]) -> None:
        """Windows of one end: trips and cents by zone."""
        self._put(taxi_type, [(zone, end, trips, cents) for zone, (trips, cents) in fares.items()])

    def fill(self, taxi_type: str, end: datetime, minutes: int = 120) -> None:
        """Fares of most zones up to a moment, which differ from one to the next and by the minute."""
        rows = [
            (
                zone,
                end - timedelta(minutes=minute),
                1 + (zone + minute) % 9,
                800 + (zone * 37 + minute * 53) % 7000,
            )
            for minute in range(minutes)
            for zone in range(1, 264)
            if (zone * 7 + minute) % 5
        ]
        self._put(taxi_type, [(zone, at, trips, trips * cents) for zone, at, trips, cents in rows])

    def _put(self, taxi_type: str, rows: list[tuple[int, datetime, int, int]]) -> None:
        columns = zip(("zones", "ends", "trips", "cents"), map(list, zip(*rows, strict=True)), strict=True)
        self.execute(ON_TIME, {**dict(columns), "taxi_type": taxi_type})

    def put_late(self, taxi_type: str, zone_id: int, at: datetime, cents: int, number: int) -> None:
        """A trip that came after its minute had closed."""
        values = {"taxi_type": taxi_type, "zone_id": zone_id, "at": at, "cents": cents, "number": number}
        self.execute(LATE, {**values, "trip_id": UUID(int=number)})

    def shown(self, taxi_type: str, at: datetime) -> list[list[Any]]:
        """What SQL says that the map is to show."""
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute(SHOWN.encode(), {"taxi_type": taxi_type, "at": at}).fetchall()
        return [list(row) for row in rows]

    def execute(self, statement: str, values: Mapping[str, object] = MappingProxyType({})) -> None:
        """Change what the database holds."""
        with psycopg.connect(self.dsn) as connection:
            connection.execute(statement.encode(), dict(values) or None)

    @property
    def port(self) -> int:
        """Of its server."""
        return int(psycopg.conninfo.conninfo_to_dict(self.dsn)["port"] or 0)

    def behind(self, port: int) -> "City":
        """The same database by another port."""
        return City(self.dsn.replace(f":{self.port}/", f":{port}/"))


@contextmanager
def map_server(
    dsn: str, log: Path, variables: Mapping[str, str] = MappingProxyType({}), *, port: int = 0
) -> Iterator[str]:
    """The address of a map that reads this database."""
    port = port or any_free_port()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "POSTGRES_DSN": dsn, **variables}
    with log.open("ab") as stream:
        server = subprocess.Popen(
            [str(ensure_environment("map") / "bin" / "python"), "-m", "live_map"],
            env={**environment, "MAP_PORT": str(port)},
            stdout=stream,
            stderr=stream,
        )
    url = f"http://{LOOPBACK}:{port}"
    try:
        wait_for(lambda: _answers(url), what="the map")
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        return bool(get_json(f"{url}/health"))
    except OSError:
        return False
