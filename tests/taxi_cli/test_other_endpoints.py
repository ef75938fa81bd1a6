"""The verbs on endpoints of the environment: no stack runs in their own TAXI_HOME."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from control_plane.jobs.lifecycle import JobSite
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from stack.endpoints import Endpoints
from stack.settings import ADDRESSES, EndpointSettings
from tests.oracle.real_months import first_days
from tests.platform import Platform
from tests.records import at, millis, move_event_clock, publish, schema_id, trip_record
from tests.taxi_cli.command_line import Result, taxi

TRIP = "0b7a2c1e-0000-4000-8000-00000000000a"
Elsewhere = Callable[..., Result]


@pytest.fixture
def elsewhere(stack: Endpoints, tmp_path: Path) -> Elsewhere:
    """`./taxi …` in a home without a stack, with the endpoints of the tests' stack as its environment."""
    return lambda *arguments: taxi(*arguments, home=tmp_path / "elsewhere", **stack.as_environment())


@pytest.mark.integration
def test_data_is_read_and_accounted_for_without_a_local_stack(
    platform: Platform, elsewhere: Elsewhere
) -> None:
    #   10:50    10:56      11:00     11:30
    #              o  clock               clock: the quarter that ends 11:00 is closed
    record = trip_record(schema_id(platform), TRIP, at("10:55:30"), zone=74, cents=1000)
    publish(platform, [record, b"no trip at all"], timestamp_ms=millis(at("10:56")))
    move_event_clock(platform, at("11:30"))

    audit = elsewhere("audit", "--json", "--wait", "120")
    assert (audit.code, json.loads(audit.stdout)["verdict"]) == (0, "balanced"), audit.stderr
    trips = elsewhere("sql", "--csv", "select trip_id, total_amount_cents from taxi.trips")
    assert trips.stdout.splitlines() == ["trip_id,total_amount_cents", f"{TRIP},1000"]
    window = elsewhere("explain", "window", "green", "74", "2024-01-10 11:00", "--json")
    assert next(part["part"] for part in json.loads(window.stdout)) == "served"
    (letter,) = json.loads(elsewhere("dead-letters", "list", "--json").stdout)["letters"]
    place = f"{letter['topic']}/{letter['partition']}/{letter['offset']}"
    assert json.loads(elsewhere("dead-letters", "show", place, "--json").stdout)["fields"] == {}


@pytest.mark.integration
def test_health_and_a_savepoint_of_the_job_without_a_local_stack(
    platform: Platform, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    status = elsewhere("status", "--json")
    found = {part["name"]: part["healthy"] for part in json.loads(status.stdout)}
    assert (status.code, found) == (0, dict.fromkeys(("kafka", "registry", "flink", "postgres"), True))
    job = elsewhere("job", "status", "--json")
    assert (job.code, json.loads(job.stdout)["is_running"]) == (0, True), job.stderr
    savepoint = Path(json.loads(elsewhere("job", "savepoint", "--json").stdout)["savepoint"])
    assert savepoint.is_relative_to(tmp_path / "elsewhere")
    assert (savepoint / "_metadata").exists()


@pytest.mark.integration
def test_a_job_whose_checkpoints_could_not_be_found_again_is_not_started(
    stack: Endpoints, tmp_path: Path
) -> None:
    variables = {"TAXI_HOME": str(tmp_path), **stack.as_environment()}
    given = Endpoints.of_platform(*ADDRESSES, given=EndpointSettings.from_environment(variables))
    site = JobSite.of(given, DEFAULT_JOB)
    with pytest.raises(UserError, match=f"{stack.home}/flink/checkpoints, not in {tmp_path}/flink"):
        site.require_readable_state()
    (tmp_path / "flink" / "checkpoints").rmdir()
    (tmp_path / "flink" / "checkpoints").symlink_to(stack.home / "flink" / "checkpoints")
    site.require_readable_state()


@pytest.mark.integration
@pytest.mark.long("plans the job again, restarts it and reprocesses days: minutes")
def test_a_job_lives_and_days_are_reprocessed_from_a_home_shared_with_the_cluster(
    platform: Platform, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    for shared in ("flink", "jobs"):
        (tmp_path / "elsewhere" / shared).symlink_to(platform.endpoints.home / shared)
    days = str(first_days("green_tripdata_2023-12.parquet"))
    assert elsewhere("replay", days, "--speedup", "max").code == 0
    before = platform.balanced_ledger()

    stopped = elsewhere("job", "stop", "--json")
    savepoint = json.loads(stopped.stdout)["savepoint"]
    deployed = elsewhere("job", "deploy", "--json")
    assert (deployed.code, savepoint in deployed.stderr.replace("\n", "")) == (0, True), deployed.stderr
    assert platform.balanced_ledger() == before

    again = elsewhere("reprocess", days, "--yes", "--force")
    assert again.code == 0, again.stderr
    assert platform.query("select state, engine from taxi.backfill_runs") == [("published", "flink")]
    assert platform.balanced_ledger() == before
