"""What every drill does: replay, wait for the recovery, and compare what is served with what must be."""

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from confluent_kafka import Producer

from control_plane.jobs.status import JobStatus
from schemas.errors import UserError
from schemas.topics import TRIPS_TOPIC
from stack.settings import ROOT
from tests.drills.change_audit import ChangeAudit
from tests.drills.rehearsal import Rehearsals, SyntheticMonthFile
from tests.oracle.oracle import Oracle, described, differences
from tests.platform import Platform
from tests.producer.topics import Record
from tests.waiting import wait_for

TASKMANAGER_SECONDS = 30
OTHERS_SECONDS = 120
PATIENCE = float(os.environ.get("TAXI_DRILL_PATIENCE", "3"))
"""By how much a recovery may take longer than promised before a drill fails: machines are busy. The table
shows the true seconds."""

FIRST_RECORDS = 100
PROBE_MS = 1
"""The timestamp of a probe: it is no news of anybody's event clock."""
RECEIVED = "select coalesce(sum(records), 0)::bigint from taxi_internal.received_records"
COUNTED_OTHERWISE = """
select taxi_type, quarter_start, in_windows.records, as_read.records
from (select * from taxi_internal.received_records where disposition = 'on_time') as in_windows
full outer join taxi_internal.on_time_as_read as as_read using (taxi_type, quarter_start)
where in_windows.records is distinct from as_read.records
limit 5
"""
"""Quarters of an hour whose trips on time the windows count otherwise than the job did as it read them."""
RULES = "trip_id::text as trip_id, array_to_string(array(select unnest(rules) order by 1), ',') as rules"

Seen = Callable[[JobStatus], object]


@dataclass
class ReplayProcess:
    """A replay in the background."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[str] | None = None

    def start(self, speedup: str) -> None:
        """Begin, or go on where it stopped."""
        with self.log.open("a") as stream:
            command = [*self.command, "--speedup", speedup]
            self.process = subprocess.Popen(
                command, env=self.environment, stderr=stream, stdout=stream, text=True
            )

    def stop(self, number: signal.Signals) -> None:
        """End it by a signal."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
            self.process.wait(60)

    @property
    def is_under_way(self) -> bool:
        """Whether there is more to come."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Its process."""
        assert self.process, "it was not started"
        return self.process.pid

    def finish(self) -> None:
        """Publish what is left at full speed."""
        self.stop(signal.SIGINT)
        self.start("max")
        assert self.process
        assert self.process.wait(300) == 0, self.log.read_text()


@dataclass
class Drill:
    """A platform on which something is going to happen."""

    platform: Platform
    audit: ChangeAudit
    rehearsals: Rehearsals
    seed: int
    folder: Path
    note: Callable[[str, object], None]
    recoveries: list[float] = field(default_factory=list)

    def month(self, **options: Any) -> SyntheticMonthFile:
        """A made-up month of this drill's seed."""
        return self.rehearsals.month(self.seed, **options)

    def records(self, month: SyntheticMonthFile) -> list[list[Record]]:
        """What a replay of the month puts on each partition."""
        return self.rehearsals.records(month)

    @contextmanager
    def replaying(self, month: SyntheticMonthFile, *, seconds: int) -> Iterator[ReplayProcess]:
        """The month is replayed in so many seconds, and so far that the job reads it and keeps checkpoints.

        At the end of the block the rest comes at full speed.
        """
        command = self.platform.replay_command(month.file)
        replay = ReplayProcess(command, self.platform.environment, self.folder / "replay.log")
        replay.start(str(month.span_seconds // seconds))
        try:
            wait_for(lambda: self.status().records_read > FIRST_RECORDS, what="the first trips")
            wait_for(lambda: self.status().checkpoint, what="a checkpoint")
            yield replay
            replay.finish()
        finally:
            replay.stop(signal.SIGKILL)

    def recovers(self, *, within: float, missed: Seen = lambda _: True, since: float | None = None) -> float:
        """Wait until all tasks run and a record sent then is served; return the seconds from the fault, which
        was now or at `since` on the monotonic clock.

        `missed` says whether the job has noticed the fault: before that it seems to run.
        """
        begun = time.monotonic() if since is None else since
        limit = within * PATIENCE
        wait_for(
            lambda: self._runs_and(missed),
            stalled_seconds=limit,
            what="the job to notice the fault and run again",
        )
        probe = f"probe {uuid.uuid4()}".encode()
        self._send(probe, limit)
        wait_for(lambda: self._is_served(probe), stalled_seconds=limit, what="a new record to be served")
        wait_for(lambda: self._runs_and(missed), stalled_seconds=limit, what="the job to run")
        seconds = time.monotonic() - begun
        self.recoveries.append(seconds)
        self.note("recovery_seconds", ", ".join(f"{one:.1f}" for one in self.recoveries))
        assert seconds <= limit
        return seconds

    def status(self) -> JobStatus:
        """How the job does."""
        return self.platform.status()

    def received(self) -> int:
        """How many records the job has reported."""
        return int(self.platform.query(RECEIVED)[0][0])

    def taxi(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """A command as an operator types it."""
        command = [str(ROOT / "taxi"), *map(str, arguments)]
        return subprocess.run(
            command, env=self.platform.environment, capture_output=True, text=True, check=False
        )

    def assert_exact(self, oracle: Oracle) -> None:
        """Every record is accounted for, every served row is right and always was, and the job runs."""
        self.platform.balanced_ledger()
        # The ledger takes the greater of the two counts: it may balance before the other one is written.
        wait_for(
            lambda: not self.platform.query(COUNTED_OTHERWISE), what="both counts of on-time trips to agree"
        )
        self._assert_same_rows(oracle)
        self.audit.assert_nothing_unexplained()
        found = self.status()
        assert found.is_running, found.verdict
        assert found.verdict.name != "down", found.verdict

    def _assert_same_rows(self, oracle: Oracle) -> None:
        windows, trips = oracle.zone_fares_15m(), oracle.valid_trips()
        quarantined = oracle.quarantined().project("trip_id, array_to_string(rules, ',') as rules")
        found = [
            self._differences(windows, f"select {', '.join(windows.columns)} from taxi.zone_fares_15m"),
            self._differences(trips, f"select {', '.join(trips.columns)} from taxi.trips"),
            self._differences(quarantined, f"select {RULES} from taxi.quarantined_trips"),
        ]
        different = sum(one.num_rows for one in found)
        self.note("rows_compared", sum(count(one) for one in (windows, trips, quarantined)))
        self.note("differences", different)
        assert different == 0, "\n".join(described(one) for one in found if one.num_rows)

    def _differences(self, expected: duckdb.DuckDBPyRelation, query: str) -> pa.Table:
        # At once: the next answer of Postgres is written over this one.
        served = self.platform.rows(query, self.folder).to_arrow_table()
        return differences(expected, served)

    def _send(self, probe: bytes, seconds: float) -> None:
        """Put a record on the topic that is no trip; behind it on its partition stands nothing yet."""
        producer = Producer(
            {"bootstrap.servers": self.platform.endpoints.kafka_bootstrap_servers, "log_level": 2}
        )
        producer.produce(TRIPS_TOPIC, probe, b"probe", 0, timestamp=PROBE_MS)
        assert producer.flush(seconds) == 0, "Kafka takes no record"

    def _is_served(self, probe: bytes) -> bool:
        query = "select count(*) from taxi.dead_letters where payload = %s"
        try:
            with psycopg.connect(self.platform.endpoints.postgres_dsn, connect_timeout=5) as connection:
                return connection.execute(query, [probe]).fetchone() == (1,)
        except psycopg.Error:
            return False

    def _runs_and(self, missed: Seen) -> bool:
        try:
            found = self.status()
        except UserError:
            return False
        return bool(missed(found)) and found.is_running and found.verdict.name != "down"


def count(rows: duckdb.DuckDBPyRelation) -> int:
    """How many rows there are."""
    (found,) = rows.aggregate("count(*)").fetchall()
    return int(found[0])
