"""The real Airflow on the real stack: its login, requests to the job, the watchdog, a backfill."""

import json
import stat
from pathlib import Path

import httpx
import psycopg
import pytest

from control_plane.jobs.flink_rest import FlinkRest
from schemas.jobs import DEFAULT_JOB as JOB
from stack import lifecycle
from stack.services import airflow as airflow_service
from stack.services.keeper import NAME as KEEPER
from stack.settings import StackSettings
from stack.supervision.supervisor import Supervisor
from stack.waiting import Polling
from tests.airflow_dags.airflow_server import RUN_SECONDS, SMALL_MONTH, Airflow
from tests.airflow_dags.sns import SnsTopic
from tests.airflow_dags.webhook import Webhook
from tests.oracle.oracle import Oracle, assert_same_rows
from tests.platform import Platform
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.integration,
    pytest.mark.long(
        "starts Airflow's four processes; make test imports the DAGs and runs the verbs they call"
    ),
]

BACKFILL = "tlc_month_backfill_green"
LONG_AGO = """
update task_reschedule set start_date = start_date - interval '111 days', reschedule_date = now()
where ti_id = (
    select id from task_instance where dag_id = %(dag_id)s and run_id = %(run_id)s and task_id = 'available'
)
"""


@pytest.fixture(scope="module")
def platform(airflow: Airflow) -> Platform:
    """The stack beneath, with a fresh job."""
    return Platform.fresh(airflow.endpoints)


def live_job(airflow: Airflow) -> str:
    found = FlinkRest(airflow.endpoints.flink_rest_url).live_job(JOB)
    return found.job_id if found else ""


def test_its_parts_are_healthy_and_only_the_owner_can_log_in(
    airflow: Airflow, stack_settings: StackSettings
) -> None:
    statuses = {one.name: one for one in lifecycle.statuses(lifecycle.running_site(stack_settings))}
    assert {name for name, one in statuses.items() if one.healthy} >= {
        airflow_service.API_SERVER,
        airflow_service.SCHEDULER,
        airflow_service.DAG_PROCESSOR,
        airflow_service.TRIGGERER,
    }
    for name in ("passwords.json", "secrets.json", "airflow.cfg", "environment.json"):
        file = airflow_service.folder(airflow.endpoints.home) / name
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with httpx.Client(base_url=airflow.client.base_url, trust_env=False) as stranger:
        wrong = stranger.post("/auth/token", json={"username": airflow_service.LOGIN, "password": "guess"})
        assert wrong.status_code == 401
        assert stranger.get("/api/v2/dags").status_code == 401


def test_a_request_for_no_action_or_no_release_touches_nothing_and_is_told(
    airflow: Airflow, platform: Platform, alert_webhook: Webhook, topic: SnsTopic
) -> None:
    job = live_job(airflow)
    refused = airflow.trigger("flink_job_lifecycle", action="explode")
    assert (refused.status_code, "not one of" in refused.text) == (400, True)
    tasks = airflow.run("flink_job_lifecycle", action="upgrade", release="77")
    assert (tasks[""], tasks["check"], tasks["upgrade"]) == ("failed", "failed", "upstream_failed")
    assert live_job(airflow) == job
    (text,) = [text for text in alert_webhook.texts if text.startswith("flink_job_lifecycle.check failed")]
    assert "release 77 does not exist" in text
    assert text in topic.heard()


def test_a_savepoint_is_asked_for_waited_for_and_linked(airflow: Airflow, platform: Platform) -> None:
    name = "flink_job_lifecycle"
    run_id = airflow.trigger(name, action="savepoint").raise_for_status().json()["dag_run_id"]
    tasks = airflow.await_run(name, run_id)
    assert (tasks[""], tasks["savepoint"], tasks["stop"]) == ("success", "success", "skipped")
    assert Path(airflow.xcom(name, run_id, "savepoint"), "_metadata").exists()
    links = airflow.get(f"/api/v2/dags/{name}/dagRuns/{run_id}/taskInstances/savepoint/links")["extra_links"]
    assert live_job(airflow) in links["Flink dashboard"]


def test_the_watchdog_brings_back_a_job_that_the_keeper_does_not(
    airflow: Airflow, platform: Platform
) -> None:
    flink = FlinkRest(airflow.endpoints.flink_rest_url)
    supervisor = Supervisor(airflow.endpoints.home)
    supervisor.stop_service(KEEPER)
    try:
        lost = live_job(airflow)
        flink.cancel(lost)
        # The scheduled look may be there before ours: whichever it is, the job comes back.
        airflow.run("flink_job_watchdog")
        wait_for(
            lambda: live_job(airflow) not in {"", lost},
            stalled_seconds=RUN_SECONDS,
            what="the job to be back",
        )
    finally:
        supervisor.start_service(KEEPER)


def test_a_scheduled_month_waits_for_the_tlc_and_is_skipped_with_a_reason_when_it_never_comes(
    airflow: Airflow,
) -> None:
    """The clock is not waited for: what Airflow has noted of its waiting is moved into the past."""
    name = "tlc_month_backfill_yellow"
    airflow.unpause(name)

    def waiting() -> str:
        runs = [run["dag_run_id"] for run in airflow.runs(name) if run["run_type"] == "scheduled"]
        return next((run for run in runs if airflow.tasks(name, run)["available"] == "up_for_reschedule"), "")

    run_id = wait_for(
        waiting, stalled_seconds=RUN_SECONDS, what="a run to wait for its month", polling=Polling(1)
    )
    with psycopg.connect(airflow.endpoints.postgres_dsn, dbname=airflow_service.NAME) as connection:
        connection.execute(LONG_AGO, {"dag_id": name, "run_id": run_id})
    assert set(airflow.await_run(name, run_id).values()) == {"success", "skipped"}
    assert airflow.tasks(name, run_id)["publish"] == "skipped"
    log = airflow.log(name, run_id, "available")
    assert "the TLC has not published yellow" in log
    assert "Sensor has timed out" in log


def test_a_backfill_serves_what_the_oracle_says_and_skips_what_is_not_published(
    airflow: Airflow, platform: Platform, months_folder: Path, tmp_path: Path
) -> None:
    file = months_folder / f"green_tripdata_{SMALL_MONTH}.parquet"
    airflow.unpause(BACKFILL)
    done = airflow.command(
        *("backfill", "create", "--dag-id", BACKFILL, "--from-date", "2023-08-01", "--to-date", "2023-09-01"),
        *("--max-active-runs", "2", "--reprocess-behavior", "none"),
    )
    assert done.returncode == 0, done.stderr
    runs = [run["dag_run_id"] for run in airflow.runs(BACKFILL) if run["run_type"] == "backfill"]
    assert [run.partition("T")[0] for run in runs] == ["backfill__2023-08-01", "backfill__2023-09-01"]
    august, september = (airflow.await_run(BACKFILL, run) for run in runs)
    assert set(august.values()) == {"success"}
    assert set(september.values()) == {"success", "skipped"}
    assert september["available"] == september["publish"] == "skipped"
    fares = Oracle([file], "green", SMALL_MONTH).zone_fares_15m()
    assert_same_rows(fares, platform.table("zone_fares_15m", fares, tmp_path))
    raw = airflow.endpoints.home / "history" / "raw-data" / file.name
    assert raw.read_bytes() == file.read_bytes()
    events = airflow.get("/api/v2/assets/events")["asset_events"]
    assert [event["source_dag_id"] for event in events] == [BACKFILL]


def test_what_ran_is_told_as_lineage(airflow: Airflow, platform: Platform) -> None:
    configuration = (airflow_service.folder(airflow.endpoints.home) / "airflow.cfg").read_text()
    request = next(line for line in configuration.splitlines() if line.startswith("transport = "))
    file = Path(json.loads(request.partition(" = ")[2])["log_file_path"])
    wait_for(file.exists, what="the file of the lineage")
    events = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert {"START", "COMPLETE"} <= {event["eventType"] for event in events}
    assert f"{BACKFILL}.process" in {event["job"]["name"] for event in events}
