"""A second job is one folder and its tables: kept, planned, watched, deployed and packed as the first."""

import re
import shutil
from pathlib import Path
from uuid import UUID

import pytest

from control_plane.jobs import reset
from control_plane.jobs.lifecycle import JobSite, end, start
from control_plane.jobs.releases import Release, Releases
from control_plane.jobs.versions.switching import start_side_by_side
from control_plane.jobs.versions.versions import exact_name
from control_plane.jobs.wiring import Wiring
from flink_jobs.runtime.settings import JobSettings
from flink_jobs.runtime.sql import common_parameters
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB, WatchedSteps
from stack.endpoints import Endpoints, Metrics
from stack.settings import ROOT
from tests.platform import Platform
from tests.records import at, millis, move_event_clock, publish, schema_id, trip_record
from tests.waiting import wait_for

SECOND_JOB = "zone_hours"
FILES = Path(__file__).parent / "second_job"
HOURS = """
select pickup_zone_id, to_char(hour_start, 'HH24:MI'), trips from zone_hours.trips_per_hour order by 1, 2
"""
STATEFUL = {
    "read_trips", "count_each_trip_once", "sum_windows", "count_received_on_time", "count_received_aside",
    "count_on_time_as_read",
}  # fmt: skip
"""The operators of the first job that keep state, by the names under which its savepoints hold it."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This tree with a second job in it."""
    folder = tmp_path_factory.mktemp("tree")
    for name in ("flink_jobs", "schemas"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    job, tables = folder / "flink_jobs" / SECOND_JOB, folder / "schemas" / "postgres" / SECOND_JOB
    shutil.copytree(FILES, job, ignore=shutil.ignore_patterns("__pycache__"))
    (job / "__init__.py").touch()
    tables.mkdir()
    (job / "tables.sql").rename(tables / "01_trips_per_hour.sql")
    return folder


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Endpoints:
    """The addresses of a stack that does not run: planning asks nobody."""
    home = tmp_path_factory.mktemp("home")
    (home / "logs").mkdir()
    dsn = "postgresql://taxi@db:5432/taxi"
    return Endpoints("kafka:9092", "http://registry", "http://flink:8081", dsn, Metrics("", "", ""), home)


def releases(endpoints: Endpoints, job: str) -> Releases:
    return Releases(endpoints, Wiring.of_job(job))


@pytest.fixture(scope="module")
def first(endpoints: Endpoints, tree: Path) -> Release:
    """A release of the first job, planned."""
    return releases(endpoints, DEFAULT_JOB).of_tree(tree)


@pytest.fixture(scope="module")
def second(endpoints: Endpoints, tree: Path) -> Release:
    """A release of the second job, planned."""
    return releases(endpoints, SECOND_JOB).of_tree(tree)


@pytest.mark.unit
def test_a_second_job_is_less_than_sixty_lines() -> None:
    own = [FILES / "job.py", *(FILES / f"{name}.sql" for name in ("source", "sinks", "inserts"))]
    assert sum(len(path.read_text("utf-8").splitlines()) for path in own) <= 60


@pytest.mark.unit
def test_the_page_on_adding_a_job_names_every_common_parameter() -> None:
    class AnyJobSettings(JobSettings):
        job_name: str = "any"
        consumer_group: str = "any"

    settings = AnyJobSettings(
        kafka_bootstrap_servers="kafka:9092",
        schema_registry_url="http://registry",
        postgres_dsn="postgresql://db",
    )
    page = (ROOT / "docs" / "how-to" / "second-job.md").read_text("utf-8")
    named = set(re.findall(r"\$\{([a-z]\w+)\}", page)) - {"name"}
    assert named == common_parameters(settings).keys()


@pytest.mark.unit
def test_the_second_job_is_planned_and_its_steps_have_the_names_that_it_declares(second: Release) -> None:
    assert {step.uid for step in second.steps} == {
        "read_trips",
        "remember_watermark",
        "select_for_fold_hours",
        "fold_hours",
        "count_hours",
        "select_for_trips_per_hour",
        "require_key_of_trips_per_hour",
        "write_trips_per_hour",
    }
    assert second.watched_steps == WatchedSteps("read_trips", "count_hours")
    assert second.sink_tables == {"trips_per_hour"}
    assert [path.name for path in second.table_set_folder.iterdir()] == ["01_trips_per_hour.sql"]


@pytest.mark.unit
@pytest.mark.long("plans both jobs; the second alone is planned in make test")
def test_the_first_job_keeps_its_state_under_the_same_names_beside_it(first: Release) -> None:
    assert {step.uid for step in first.steps if step.is_stateful} == STATEFUL
    assert {first.watched_steps.source, first.watched_steps.event_clock} <= STATEFUL


@pytest.mark.unit
def test_a_release_holds_its_job_and_the_runtime_and_no_other_job(first: Release, second: Release) -> None:
    for release, job, other in ((first, DEFAULT_JOB, SECOND_JOB), (second, SECOND_JOB, DEFAULT_JOB)):
        code = release.folder / "code" / "flink_jobs"
        assert (code / "runtime" / "sql_job.py").exists()
        assert (code / job / "job.toml").exists()
        assert not (code / other).exists()


@pytest.mark.unit
def test_what_a_job_runs_makes_another_release_of_it_and_what_it_does_not_run_does_not(
    endpoints: Endpoints, tree: Path, first: Release, second: Release, tmp_path: Path
) -> None:
    def found(changed: str, job: str) -> Release | None:
        copy = shutil.copytree(tree, tmp_path / changed.replace("/", "-") / job)
        with (copy / changed).open("a", encoding="utf-8") as file:
            file.write("\n")
        return releases(endpoints, job).find(copy)

    assert found("flink_jobs/runtime/sql_job.py", DEFAULT_JOB) is None
    assert found("flink_jobs/runtime/sql_job.py", SECOND_JOB) is None
    assert found(f"flink_jobs/{SECOND_JOB}/job.toml", SECOND_JOB) is None
    unchanged = found(f"flink_jobs/{SECOND_JOB}/job.toml", DEFAULT_JOB)
    assert unchanged is not None
    assert unchanged.number == first.number


@pytest.mark.unit
def test_a_release_is_found_by_its_folder_too(endpoints: Endpoints, first: Release) -> None:
    found = releases(endpoints, DEFAULT_JOB).find(first.folder)
    assert found is not None
    assert found.number == first.number


@pytest.mark.unit
def test_only_the_job_that_taxi_shows_has_versions(endpoints: Endpoints) -> None:
    assert Wiring.of_job(SECOND_JOB) == Wiring(SECOND_JOB, SECOND_JOB, SECOND_JOB)
    assert exact_name(endpoints, SECOND_JOB) == SECOND_JOB
    with pytest.raises(UserError, match="there is no version 2 of zone_hours"):
        exact_name(endpoints, f"{SECOND_JOB}-2")
    with pytest.raises(
        UserError, match=r"zone_hours has one version only: taxi\.\* shows the tables of zone_fares"
    ):
        start_side_by_side(endpoints, SECOND_JOB)


@pytest.mark.integration
@pytest.mark.long("plans and deploys a second job; the unit tests plan it too")
def test_the_second_job_runs_beside_the_first_and_is_watched_and_ended_as_that(
    platform: Platform, tree: Path
) -> None:
    # 10:05, 10:10 and a copy, 10:59    11:30    the clock of the topic: 12:00, and a minute of disorder
    #       zone 74, 74, 74, 75            74
    number = schema_id(platform)
    trips = (("10:05", 74, 1), ("10:10", 74, 2), ("10:10", 74, 2), ("10:59", 75, 3), ("11:30", 74, 4))
    start(platform.endpoints, SECOND_JOB, fresh=True, source=tree)
    for clock, zone, identity in trips:
        record = trip_record(number, str(UUID(int=identity)), at(clock), zone=zone, cents=1000)
        publish(platform, [record], timestamp_ms=millis(at(clock)))
    move_event_clock(platform, at("12:02"))
    expected = [(74, "10:00", 2), (74, "11:00", 1), (75, "10:00", 1)]
    wait_for(lambda: platform.query(HOURS) == expected, what="the hours of the second job")
    platform.balanced_ledger()

    site = JobSite.of(platform.endpoints, SECOND_JOB)
    wait_for(lambda: site.status().flow.lag_records == 0, what="the lag of the second job")
    status = site.status()
    # Five trips, and a marker on each of two partitions.
    assert (status.name, status.is_running, status.records_read) == (SECOND_JOB, True, 7)
    assert status.watermark == "2024-01-10 12:01:00"
    assert platform.status().is_running

    assert end(platform.endpoints, SECOND_JOB)
    start(platform.endpoints, SECOND_JOB, source=tree)
    assert site.status().restarts.restored_checkpoint is not None
    reset.reset(platform.endpoints)
    assert (platform.query(HOURS), site.flink.live_job(SECOND_JOB)) == ([], None)
    platform.execute("drop schema zone_hours cascade")
