"""What takes long, faults in the middle of it: `./taxi tool pytest tests/airflow_dags -m drill`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psutil
import psycopg
import pyarrow as pa
import pytest

from control_plane.jobs.flink_rest import FlinkRest
from control_plane.jobs.records import JobRecords
from control_plane.jobs.upgrade import upgrade
from schemas.jobs import DEFAULT_JOB as JOB
from stack.services import airflow as service
from stack.services.airflow import SCHEDULER
from stack.services.flink import JOBMANAGER
from stack.services.keeper import NAME as KEEPER
from stack.supervision.processes import own_processes
from stack.supervision.supervisor import Supervisor
from stack.waiting import Polling
from tests.airflow_dags.airflow_server import RUN_SECONDS, SMALL_MONTH, Airflow, synthetic_month
from tests.airflow_dags.webhook import Webhook
from tests.control_plane.jobs.test_job_life import kept, live_jobs, running_release, slower_flush
from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import real_month
from tests.platform import Platform
from tests.waiting import wait_for

pytestmark = pytest.mark.timeout(1_800)

BACKFILL = "tlc_month_backfill_green"
LIFECYCLE = "flink_job_lifecycle"
WATCHDOG = "flink_job_watchdog"
KAPPA = "kappa_reprocess"
REAL_MONTH = "green_tripdata_2023-12.parquet"
SYNTHETIC_MONTHS = ("2023-10", "2023-11")
BACKFILL_CONF = {
    "dag_id": BACKFILL,
    "from_date": "2023-10-01T00:00:00Z",
    "to_date": "2023-12-01T00:00:00Z",
    "max_active_runs": 3,
    "reprocess_behavior": "completed",
}
PATIENT_SECONDS = 900
"""More than three months take that two cores compute at once, and than a patient task's four tries."""

DIGESTS = {
    name: f"select '{name}', count(*), sum(hashtextextended(rows::text, 0)) from taxi.{name} as rows"
    for name in ("trips", "zone_fares_15m", "quarantined_trips", "backfill_runs", "parity_reports")
}
"""Each changes with any value of any row."""


@pytest.fixture
def platform(airflow: Airflow) -> Platform:
    return Platform.fresh(airflow.endpoints)


@pytest.fixture
def without_keeper(airflow: Airflow) -> Iterator[None]:
    """Nobody but Airflow brings a lost job back."""
    supervisor = Supervisor(airflow.endpoints.home)
    supervisor.stop_service(KEEPER)
    yield
    supervisor.start_service(KEEPER)


@pytest.fixture
def three_months(months_folder: Path) -> list[Path]:
    """Two made up, one real."""
    real = months_folder / REAL_MONTH
    if not real.exists():
        real.symlink_to(real_month(REAL_MONTH))
    return [*(synthetic_month(months_folder, month, rows=20_000) for month in SYNTHETIC_MONTHS), real]


def commands(airflow: Airflow, *words: str) -> list[psutil.Process]:
    """The commands of Airflow's tasks that run now and hold these words."""
    found = [own.process for own in own_processes(airflow.endpoints.home) if own.service == SCHEDULER]
    return [one for one in found if set(words) <= set(one.cmdline())]


def scheduler(airflow: Airflow) -> psutil.Process:
    (found, *_) = commands(airflow, "scheduler")
    return found


def kill_task(airflow: Airflow, *words: str) -> None:
    """Kill a command and the task that runs it."""
    killed = commands(airflow, *words)
    for command in killed:
        for process in (command.parent(), command):
            if process and process.is_running():
                process.kill()
    assert killed


def digests(platform: Platform) -> list[tuple[object, ...]]:
    return [row for question in DIGESTS.values() for row in platform.query(question)]


def month_runs(airflow: Airflow) -> list[str]:
    """The runs of the three months."""
    runs = [
        run
        for run in airflow.runs(BACKFILL)
        if str(run["logical_date"])[:7] in {*SYNTHETIC_MONTHS, "2023-12"}
    ]
    return [str(run["dag_run_id"]) for run in runs]


def windows_together(oracles: Sequence[Oracle]) -> duckdb.DuckDBPyRelation:
    """The windows of months that follow one another: those around a turn have trips of two."""
    parts = [oracle.zone_fares_15m().to_arrow_table() for oracle in oracles]
    connection = duckdb.connect()
    connection.register("months", pa.concat_tables(parts))
    keys = "taxi_type, pickup_zone_id, window_start, window_end"
    sums = "sum(trips)::bigint as trips, sum(total_amount_cents)::bigint as total_amount_cents"
    return connection.sql(f"select {keys}, {sums} from months group by all")


def assert_months(platform: Platform, files: Sequence[Path], folder: Path) -> None:
    """All that is served of the months is what the oracle makes of the files."""
    oracles = [Oracle([file], "green", file.stem[-7:]) for file in files]
    windows = windows_together(oracles)
    assert_same_rows(windows, platform.table("zone_fares_15m", windows, folder))
    for file, oracle in zip(files, oracles, strict=True):
        trips, month = oracle.valid_trips(), f"source_month = '{file.stem[-7:]}-01'"
        served = f"select {', '.join(trips.columns)} from taxi.trips where {month}"
        assert_same_rows(trips, platform.rows(served, folder))
        broken = f"select trip_id from taxi.quarantined_trips where {month}"
        assert_same_rows(oracle.quarantined().project("trip_id"), platform.rows(broken, folder))


@pytest.mark.drill("airflow-scheduler-killed-in-a-backfill")
def test_a_backfill_of_three_months_survives_the_death_of_the_scheduler(
    airflow: Airflow, platform: Platform, three_months: list[Path], tmp_path: Path
) -> None:
    airflow.unpause(BACKFILL)
    earlier = {run["dag_run_id"] for run in airflow.runs("marts")}
    assert airflow.client.post("/api/v2/backfills", json=BACKFILL_CONF).status_code == 200
    assert airflow.client.post("/api/v2/backfills", json=BACKFILL_CONF).status_code == 409
    wait_for(
        lambda: commands(airflow, "backfill", "--yes"),
        stalled_seconds=RUN_SECONDS,
        what="a month to be computed",
    )
    scheduler(airflow).kill()
    assert_all_succeed(airflow)
    assert_months(platform, three_months, tmp_path)
    published = (
        "select month, count(*) from taxi.backfill_runs where state = 'published' group by 1 order by 1"
    )
    assert platform.query(published) == [("2023-10", 1), ("2023-11", 1), ("2023-12", 1)]
    built = wait_for(
        lambda: _built_marts(airflow), stalled_seconds=RUN_SECONDS, what="the marts", polling=Polling(2)
    )
    assert len(set(built) - earlier) == 1

    before = digests(platform)
    wait_for(
        lambda: _is_accepted(airflow),
        stalled_seconds=RUN_SECONDS,
        what="the first backfill to be over",
        polling=Polling(1),
    )
    assert_all_succeed(airflow)
    assert digests(platform) == before


def assert_all_succeed(airflow: Airflow) -> None:
    for run_id in month_runs(airflow):
        states = airflow.await_run(BACKFILL, run_id, PATIENT_SECONDS)
        assert set(states.values()) == {"success"}, (run_id, states)


def _is_accepted(airflow: Airflow) -> bool:
    return airflow.client.post("/api/v2/backfills", json=BACKFILL_CONF).status_code == 200


@pytest.mark.drill("airflow-sink-away")
def test_a_month_is_tried_again_while_its_tables_are_away_and_then_told_and_changes_nothing(
    airflow: Airflow, platform: Platform, alert_webhook: Webhook, months_folder: Path, tmp_path: Path
) -> None:
    before = digests(platform)
    with tables_away(airflow):
        airflow.unpause(BACKFILL)
        run_id = airflow.trigger(BACKFILL, month=SMALL_MONTH).json()["dag_run_id"]
        states = airflow.await_run(BACKFILL, run_id, PATIENT_SECONDS)
    assert (states["ingest"], states["process"], states["publish"]) == (
        "success",
        "failed",
        "upstream_failed",
    )
    assert airflow.tries(BACKFILL, run_id, "process") == 4
    (text,) = [
        text for text in alert_webhook.texts if text.startswith(f"{BACKFILL}.process failed in {run_id}")
    ]
    assert "Postgres does not answer" in text
    assert digests(platform) == before
    request = {"dag_run_id": run_id, "only_failed": True, "dry_run": False}
    airflow.client.post(f"/api/v2/dags/{BACKFILL}/clearTaskInstances", json=request).raise_for_status()
    assert set(airflow.await_run(BACKFILL, run_id).values()) == {"success"}
    assert_months(platform, [months_folder / f"green_tripdata_{SMALL_MONTH}.parquet"], tmp_path)


@contextmanager
def tables_away(airflow: Airflow) -> Iterator[None]:
    """The platform's database lets nobody in; that of Airflow, on the same server, does."""
    name = psycopg.conninfo.conninfo_to_dict(airflow.endpoints.postgres_dsn)["dbname"]
    with psycopg.connect(airflow.endpoints.postgres_dsn, dbname=service.NAME, autocommit=True) as connection:
        allow = "alter database {} with allow_connections {}"
        connection.execute(allow.format(name, "false").encode())
        end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
        connection.execute(end, [name])
        try:
            yield
        finally:
            connection.execute(allow.format(name, "true").encode())


@pytest.mark.drill("airflow-kappa-reprocess")
def test_a_month_is_reprocessed_by_request_and_once_more_without_a_change(
    airflow: Airflow, platform: Platform, three_months: list[Path], tmp_path: Path
) -> None:
    real = three_months[-1]
    states = airflow.run(KAPPA, taxi_type="green", months="2023-12")
    assert states == {"": "success", "fetch": "success", "reprocess": "success"}
    assert_months(platform, [real], tmp_path)
    before = digests(platform)
    assert set(airflow.run(KAPPA, taxi_type="green", months="2023-12").values()) == {"success"}
    assert digests(platform) == before


@pytest.mark.drill("airflow-watchdog-budget")
@pytest.mark.usefixtures("without_keeper")
def test_the_watchdog_heals_three_times_and_then_tells(
    airflow: Airflow, platform: Platform, alert_webhook: Webhook
) -> None:
    flink = FlinkRest(airflow.endpoints.flink_rest_url)
    airflow.client.delete(f"/api/v2/variables/{WATCHDOG}.{JOB}")
    earlier = {run["dag_run_id"] for run in airflow.runs(WATCHDOG)}
    for _ in range(10):
        job = flink.live_job(JOB)
        if job:
            flink.cancel(job.job_id)
        airflow.run(WATCHDOG)
        # The scheduled looks take part: whichever comes first finds the job gone.
        if actions(airflow, earlier).count("alert"):
            break
    airflow.run(WATCHDOG)
    assert actions(airflow, earlier) == ["heal", "heal", "heal", "alert"]
    assert [
        text for text in alert_webhook.texts if f"{JOB}: down again after 3 restarts within an hour" in text
    ] != []


def actions(airflow: Airflow, earlier: set[str]) -> list[str]:
    """What the watchdog's looks have done, one after the other."""
    watchdog_runs = sorted(airflow.runs(WATCHDOG), key=lambda run: str(run["start_date"]))
    ids = [run["dag_run_id"] for run in watchdog_runs if run["dag_run_id"] not in earlier]
    tasks = [airflow.tasks(WATCHDOG, one) for one in ids]
    return [action for states in tasks for action in ("heal", "alert") if states.get(action) == "success"]


@pytest.mark.drill("airflow-upgrade-killed")
@pytest.mark.usefixtures("without_keeper")
def test_an_upgrade_whose_task_is_killed_before_the_start_is_done_once(
    airflow: Airflow, platform: Platform, tmp_path: Path
) -> None:
    first, tree = running_release(platform), kept(platform, slower_flush(tmp_path))
    run_id = airflow.trigger(LIFECYCLE, action="upgrade", release=str(tree)).json()["dag_run_id"]
    wait_for(
        lambda: _stopped_for_upgrade(platform),
        stalled_seconds=RUN_SECONDS,
        what="the job to be stopped",
        polling=Polling(0.02),
    )
    kill_task(airflow, "job", "upgrade")
    states = airflow.await_run(LIFECYCLE, run_id)
    assert (states[""], states["upgrade"], states["settled"]) == ("success", "success", "success")
    assert len(live_jobs(platform)) == 1
    assert running_release(platform) == first + 1
    record = JobRecords(platform.endpoints.home).read(JOB)
    assert (record.upgrading_to, record.previous_release) == (0, first)
    assert Path(record.handover, "_metadata").exists()
    assert airflow.tries(LIFECYCLE, run_id, "upgrade") > 1


@pytest.mark.drill("airflow-rollback-killed")
@pytest.mark.usefixtures("without_keeper")
def test_a_rollback_whose_task_is_killed_before_the_start_goes_no_release_further(
    airflow: Airflow, platform: Platform, tmp_path: Path
) -> None:
    first, tree = running_release(platform), kept(platform, slower_flush(tmp_path))
    assert upgrade(platform.endpoints, JOB, tree) is not None
    run_id = airflow.trigger(LIFECYCLE, action="rollback").json()["dag_run_id"]
    wait_for(
        lambda: running_release(platform) == first and not live_jobs(platform),
        stalled_seconds=RUN_SECONDS,
        what="the job to be cancelled",
        polling=Polling(0.02),
    )
    kill_task(airflow, "job", "rollback")
    states = airflow.await_run(LIFECYCLE, run_id)
    assert (states[""], states["rollback"], states["settled"]) == ("success", "success", "success")
    assert airflow.tries(LIFECYCLE, run_id, "rollback") > 1
    assert (len(live_jobs(platform)), running_release(platform)) == (1, first)


@pytest.mark.drill("airflow-flink-away")
@pytest.mark.usefixtures("without_keeper")
def test_a_request_while_flink_is_away_is_tried_again_and_then_told_and_changes_nothing(
    airflow: Airflow, platform: Platform, alert_webhook: Webhook, tmp_path: Path
) -> None:
    tree = kept(platform, slower_flush(tmp_path))
    records, supervisor = JobRecords(platform.endpoints.home), Supervisor(platform.endpoints.home)
    before = records.read(JOB)
    supervisor.stop_service(JOBMANAGER)
    try:
        run_id = airflow.trigger(LIFECYCLE, action="upgrade", release=str(tree)).json()["dag_run_id"]
        states = airflow.await_run(LIFECYCLE, run_id)
        assert records.read(JOB) == before
    finally:
        supervisor.start_service(JOBMANAGER)
    assert (states["check"], states["upgrade"], states["settled"]) == ("success", "failed", "upstream_failed")
    assert airflow.tries(LIFECYCLE, run_id, "upgrade") == 3
    (text,) = [
        text for text in alert_webhook.texts if text.startswith(f"{LIFECYCLE}.upgrade failed in {run_id}")
    ]
    assert "Flink does not answer" in text
    assert airflow.run(LIFECYCLE, action="deploy")[""] == "success"
    assert (len(live_jobs(platform)), running_release(platform)) == (1, before.release)


def _built_marts(airflow: Airflow) -> list[str]:
    """The runs that built the marts, once one was asked for after the last month was published."""
    runs, events = airflow.runs("marts"), airflow.get("/api/v2/assets/events?limit=100")["asset_events"]
    # Airflow gathers what is published while a run waits for its turn, and tells the run only of the first.
    queued_at = max((str(run["queued_at"]) for run in runs), default="")
    published = max(str(event["timestamp"]) for event in events)
    if queued_at < published or any(run["state"] in {"queued", "running"} for run in runs):
        return []
    ids = [str(run["dag_run_id"]) for run in runs]
    return [one for one in ids if airflow.tasks("marts", one)["build"] == "success"]


def _stopped_for_upgrade(platform: Platform) -> bool:
    record = JobRecords(platform.endpoints.home).read(JOB)
    return bool(record.upgrading_to) and not live_jobs(platform)
