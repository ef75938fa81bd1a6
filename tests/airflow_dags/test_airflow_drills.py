"""What takes long, faults in the middle of it: `./taxi tool pytest tests/airflow_dags -m drill`."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack import reset
from stack.flink_rest import FlinkRest, poll
from stack.job_record import JobRecords
from stack.parts.airflow import SCHEDULER
from stack.parts.keeper import NAME as KEEPER
from stack.processes import own_processes
from stack.supervision import Supervisor
from tests.airflow_dags.platform import RUN_SECONDS, Airflow, made_up
from tests.flink_jobs.platform import Platform
from tests.flink_jobs.test_job_life import kept, live_jobs, running_release, slower_flush
from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import real_month

pytestmark = pytest.mark.timeout(1_800)

BACKFILL = "tlc_month_backfill_green"
LIFECYCLE = "flink_job_lifecycle"
WATCHDOG = "flink_job_watchdog"
REAL_MONTH = "green_tripdata_2023-12.parquet"
MADE_UP = ("2023-10", "2023-11")


@pytest.fixture
def platform(airflow: Airflow) -> Platform:
    return Platform.fresh(airflow.endpoints)


@pytest.fixture
def without_keeper(airflow: Airflow) -> Iterator[None]:
    """Nobody but Airflow brings a lost job back."""
    supervisor = Supervisor(airflow.endpoints.home)
    supervisor.stop_part(KEEPER)
    yield
    supervisor.start_part(KEEPER)


@pytest.fixture
def three_months(months_folder: Path) -> list[Path]:
    """Two made up, one real."""
    real = months_folder / REAL_MONTH
    if not real.exists():
        real.symlink_to(real_month(REAL_MONTH))
    return [*(made_up(months_folder, month, rows=20_000) for month in MADE_UP), real]


def commands(airflow: Airflow, *words: str) -> list[psutil.Process]:
    """The commands of Airflow's tasks that run now and hold these words."""
    found = [own.process for own in own_processes(airflow.endpoints.home) if own.part == SCHEDULER]
    return [one for one in found if set(words) <= set(one.cmdline())]


def scheduler(airflow: Airflow) -> psutil.Process:
    (found, *_) = commands(airflow, "scheduler")
    return found


@pytest.mark.drill("airflow-scheduler-killed-in-a-backfill")
def test_a_backfill_of_three_months_survives_the_death_of_the_scheduler(
    airflow: Airflow, platform: Platform, three_months: list[Path], tmp_path: Path
) -> None:
    wish = {
        "dag_id": BACKFILL,
        "from_date": "2023-10-01T00:00:00Z",
        "to_date": "2023-12-01T00:00:00Z",
        "max_active_runs": 3,
        "reprocess_behavior": "completed",
    }
    earlier = {run["dag_run_id"] for run in airflow.runs("marts")}
    assert airflow.client.post("/api/v2/backfills", json=wish).status_code == 200
    assert airflow.client.post("/api/v2/backfills", json=wish).status_code == 409
    poll(lambda: commands(airflow, "backfill", "--month"), seconds=RUN_SECONDS, what="a month to be computed")
    scheduler(airflow).kill()
    runs = [run for run in airflow.runs(BACKFILL) if run["logical_date"][:7] in {*MADE_UP, "2023-12"}]
    for run in runs:
        states = airflow.await_run(BACKFILL, run["dag_run_id"])
        assert set(states.values()) == {"success"}, (run, states)
    for file in three_months:
        month = file.stem[-7:]
        trips = Oracle([file], "green", month).valid_trips()
        columns = ", ".join(trips.columns)
        served = f"select {columns} from taxi.trips where source_month = '{month}-01'"
        assert_same_rows(trips, platform.rows(served, tmp_path))
    published = (
        "select month, count(*) from taxi.backfill_runs where state = 'published' group by 1 order by 1"
    )
    assert platform.query(published) == [("2023-10", 1), ("2023-11", 1), ("2023-12", 1)]
    built = poll(lambda: _built_marts(airflow), seconds=RUN_SECONDS, what="the marts", every=2)
    assert len(set(built) - earlier) == 1


@pytest.mark.drill("airflow-watchdog-budget")
@pytest.mark.usefixtures("without_keeper")
def test_the_watchdog_heals_three_times_and_then_tells(airflow: Airflow, platform: Platform) -> None:
    flink = FlinkRest(airflow.endpoints.flink_rest_url)
    airflow.client.delete(f"/api/v2/variables/{WATCHDOG}.{reset.JOB}")
    earlier = {run["dag_run_id"] for run in airflow.runs(WATCHDOG)}
    for _ in range(10):
        job = flink.live_job(reset.JOB)
        if job:
            flink.cancel(job.job_id)
        airflow.run(WATCHDOG)
        # The scheduled looks take part: whichever comes first finds the job gone.
        if deeds(airflow, earlier).count("alert"):
            break
    airflow.run(WATCHDOG)
    assert deeds(airflow, earlier) == ["heal", "heal", "heal", "alert"]


def deeds(airflow: Airflow, earlier: set[str]) -> list[str]:
    """What the watchdog's looks have done, one after the other."""
    looks = sorted(airflow.runs(WATCHDOG), key=lambda run: str(run["start_date"]))
    ids = [run["dag_run_id"] for run in looks if run["dag_run_id"] not in earlier]
    tasks = [airflow.tasks(WATCHDOG, one) for one in ids]
    return [deed for states in tasks for deed in ("heal", "alert") if states.get(deed) == "success"]


@pytest.mark.drill("airflow-upgrade-killed")
@pytest.mark.usefixtures("without_keeper")
def test_an_upgrade_whose_task_is_killed_before_the_start_is_done_once(
    airflow: Airflow, platform: Platform, tmp_path: Path
) -> None:
    first, tree = running_release(platform), kept(platform, slower_flush(tmp_path))
    run_id = airflow.trigger(LIFECYCLE, action="upgrade", release=str(tree)).json()["dag_run_id"]
    poll(
        lambda: _stopped_for_upgrade(platform), seconds=RUN_SECONDS, what="the job to be stopped", every=0.02
    )
    killed = commands(airflow, "job", "upgrade")
    for command in killed:
        for process in (command.parent(), command):
            if process and process.is_running():
                process.kill()
    assert killed
    states = airflow.await_run(LIFECYCLE, run_id)
    assert (states[""], states["upgrade"], states["settled"]) == ("success", "success", "success")
    assert len(live_jobs(platform)) == 1
    assert running_release(platform) == first + 1
    record = JobRecords(platform.endpoints.home).read(reset.JOB)
    assert (record.upgrading_to, record.previous_release) == (0, first)
    assert Path(record.handover, "_metadata").exists()
    tries = airflow.get(f"/api/v2/dags/{LIFECYCLE}/dagRuns/{run_id}/taskInstances/upgrade")["try_number"]
    assert tries > 1


def _built_marts(airflow: Airflow) -> list[str]:
    """The runs that built the marts, once every month that was published has had its run."""
    runs = airflow.runs("marts")
    ids = [str(run["dag_run_id"]) for run in runs]
    heard = sum(
        airflow.get(f"/api/v2/dags/marts/dagRuns/{one}/upstreamAssetEvents")["total_entries"] for one in ids
    )
    told = airflow.get("/api/v2/assets/events")["total_entries"]
    if heard < told or any(run["state"] in {"queued", "running"} for run in runs):
        return []
    return [one for one in ids if airflow.tasks("marts", one)["build"] == "success"]


def _stopped_for_upgrade(platform: Platform) -> bool:
    record = JobRecords(platform.endpoints.home).read(reset.JOB)
    return bool(record.upgrading_to) and not live_jobs(platform)
