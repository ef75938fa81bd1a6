"""A backfill killed at each step: the old month is served or the new, and the same command ends it."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from stack.settings import ROOT
from stack.waiting import Polling
from tests.drills.drill import Drill, count
from tests.oracle.oracle import Oracle, described, differences
from tests.producer.tlc_site import TlcSite, tlc_site
from tests.waiting import wait_for

MONTH = "2024-12"
PUBLISHED = f"select from taxi.backfill_runs where month = '{MONTH}' and state = 'published'"
ACTIVE = "select from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query ilike %s"
STEP_SECONDS = 600
POLL_SECONDS = 0.002


@dataclass(frozen=True)
class Scene:
    """The command and what it reads and writes, and the oracles of the month before and after it."""

    drill: Drill
    site: TlcSite
    before: Oracle
    after: Oracle
    observer: psycopg.Connection
    """Sees what Postgres is at; in autocommit."""

    def start(self) -> "subprocess.Popen[bytes]":
        """`./taxi backfill`, in the background."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            self._command, env=self._environment, stdout=quiet, stderr=quiet, start_new_session=True
        )

    def run(self) -> str:
        """`./taxi backfill` to its good end; what it said."""
        done = subprocess.run(
            self._command, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    def spark_groups(self) -> list[int]:
        """The process groups of Spark, which outlives the command that waits for it."""
        runs = self.drill.platform.endpoints.home / "spark-runs"
        noted = [note.parent for note in runs.glob("*/pid") if not (note.parent / "code").exists()]
        return [int((folder / "pid").read_text() or 0) for folder in noted]

    def kill_spark(self) -> None:
        """End Spark too."""
        for group in self.spark_groups():
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def is_written_aside(self) -> bool:
        """Whether Spark has written rows that are not in place yet."""
        return any(self._staging.glob("*/trips/**/*.parquet"))

    def differences_from(self, oracle: Oracle) -> str:
        """How all that is served differs from what an oracle makes of the month; empty when it does not."""
        windows, trips = oracle.zone_fares_15m(), oracle.valid_trips()
        broken = oracle.quarantined().project("trip_id")
        found = []
        for table, expected in (("zone_fares_15m", windows), ("trips", trips), ("quarantined_trips", broken)):
            query = f"select {', '.join(expected.columns)} from taxi.{table}"
            served = self.drill.platform.rows(query, self.drill.folder).to_arrow_table()
            found.append(differences(expected, served))
        self.drill.note("rows_compared", sum(count(one) for one in (windows, trips, broken)))
        self.drill.note("differences", sum(one.num_rows for one in found))
        return "\n".join(described(one) for one in found if one.num_rows)

    def left_over(self) -> list[str]:
        """What no run should leave behind."""
        schemas = "select nspname from pg_namespace where nspname like 'taxi_backfill%'"
        aside = self._staging.iterdir() if self._staging.exists() else ()
        return [*(str(name) for (name,) in self.drill.platform.query(schemas)), *(one.name for one in aside)]

    @property
    def _staging(self) -> Path:
        return self.drill.folder / "processed" / "_staging"

    @property
    def _command(self) -> list[str]:
        return [str(ROOT / "taxi"), "backfill", "--taxi-type", "green", "--month", MONTH, "--yes"]

    @property
    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "TLC_DATA_DIR"}
        ours = {
            "TAXI_HOME": str(self.drill.platform.endpoints.home),
            "TLC_BASE_URL": self.site.base_url,
            "RAW_DATA": str(self.drill.folder / "raw"),
            "PROCESSED_DATA": str(self.drill.folder / "processed"),
        }
        return {**inherited, **ours}


@pytest.fixture
def scene(drill: Drill) -> Iterator[Scene]:
    """The stream has written a month but for some trips; the TLC has it whole."""
    whole = drill.month(name=MONTH, days=(1, 8)).file
    part = drill.folder / whole.name
    table = pq.read_table(whole)
    pq.write_table(table.take([row for row in range(table.num_rows) if row % 40]), part)
    assert drill.platform.replay(part, "--speedup", "max").returncode == 0
    drill.platform.balanced_ledger()
    before, after = (Oracle([file], "green", MONTH) for file in (part, whole))
    dsn = drill.platform.endpoints.postgres_dsn
    with (
        tlc_site({whole.name: whole.read_bytes()}) as site,
        closing(psycopg.connect(dsn, autocommit=True)) as observer,
    ):
        scene = Scene(drill, site, before, after, observer)
        try:
            yield scene
        finally:
            scene.kill_spark()


def is_active(scene: Scene, statement: str) -> Callable[[], bool]:
    """Whether Postgres works at such a statement."""
    return lambda: scene.observer.execute(ACTIVE, [statement]).fetchone() is not None


#  step              what is seen when it is killed
STEPS: dict[str, Callable[[Scene], Callable[[], object]]] = {
    "fetching": lambda scene: scene.site.is_dripping.is_set,
    "waiting": lambda scene: scene.spark_groups,
    "processing": lambda scene: scene.spark_groups,
    "writing": lambda scene: scene.is_written_aside,
    "loading": lambda scene: is_active(scene, 'copy "taxi_backfill%'),
    "comparing": lambda scene: is_active(scene, "%.compare_month(%"),
    "publishing": lambda scene: is_active(scene, "%.publish_month(%"),
    "published": lambda scene: lambda: scene.drill.platform.query(PUBLISHED),
}
WITH_SPARK = {"processing", "writing"}
"""Here Spark is killed with the command."""


@pytest.mark.drill("killed-backfill")
@pytest.mark.parametrize("step", [pytest.param(step, id=step) for step in STEPS])
def test_a_backfill_killed_at_a_step_serves_the_old_month_or_the_new_and_is_ended_by_the_next(
    scene: Scene, step: str
) -> None:
    if step == "fetching":
        scene.site.faults = ["drip"]
    is_there = STEPS[step](scene)
    killed = scene.start()
    wait_for(is_there, stalled_seconds=STEP_SECONDS, what=step, polling=Polling(POLL_SECONDS))
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    if step in WITH_SPARK:
        scene.kill_spark()
    assert scene.differences_from(scene.after if step == "published" else scene.before) == ""

    scene.run()
    assert scene.differences_from(scene.after) == ""
    assert scene.left_over() == []
    assert "nothing to do" in scene.run()
    assert scene.differences_from(scene.after) == ""
    states = f"select state from taxi.backfill_runs where taxi_type = 'green' and month = '{MONTH}'"
    assert [state for (state,) in scene.drill.platform.query(states) if state != "undone"] == ["published"]
    assert scene.drill.platform.balanced_ledger().balances
