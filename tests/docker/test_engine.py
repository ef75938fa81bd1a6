"""docker-compose.yml on a real engine: a month through the containers, equal row for row to the oracle."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.docker.compose import STAYING, Compose, compose_program
from tests.flink_jobs.test_real_months import assert_equal_to_oracle
from tests.oracle.oracle import Oracle
from tests.oracle.real_months import real_month
from tests.platform import assert_all_on_time
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.integration,
    pytest.mark.long(
        "it builds images and starts seven containers: five minutes, and needs a container engine"
    ),
    pytest.mark.timeout(1800),
]
MONTH = "green_tripdata_2023-12.parquet"


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    """The default profile with a month replayed into it."""
    running = Compose(compose_program(), tmp_path_factory.mktemp("compose"))
    (running.folder / "months").mkdir()
    shutil.copy(real_month(MONTH), running.folder / "months" / MONTH)
    (running.folder / "months").chmod(0o755)
    running.folder.chmod(0o711)  # the containers' user reads the months below it
    subprocess.run(["docker/make-secrets.sh"], env=running.environment, check=True, capture_output=True)
    try:
        running.up()
        running.run("run", "--rm", "-T", "producer", "replay", f"/months/{MONTH}", "--speedup", "max")
        yield running
    finally:
        running.run("down", "--volumes", "--remove-orphans", check=False)


def assert_month(compose: Compose, folder: Path) -> None:
    oracle = Oracle([real_month(MONTH)], "green", "2023-12")
    assert_all_on_time(compose.platform, oracle)
    assert_equal_to_oracle(compose.platform, oracle, folder)


def test_a_month_through_the_containers_gives_exactly_the_rows_of_the_oracle(
    compose: Compose, tmp_path: Path
) -> None:
    assert_month(compose, tmp_path)


def test_dashboard_and_map_answer_on_loopback_and_nothing_is_published_elsewhere(compose: Compose) -> None:
    assert compose.get("FLINK", "/overview")["jobs-running"] == 1
    assert compose.get("MAP", "/health")["clients"] == 0
    assert "<html" in httpx.get(f"http://127.0.0.1:{compose.ports['MAP']}/", trust_env=False).text
    published = [
        binding["HostIp"]
        for service in STAYING
        for bindings in compose.inspect(service)["NetworkSettings"]["Ports"].values()
        for binding in bindings or ()
    ]
    assert published == ["127.0.0.1"] * len(compose.ports)


def test_no_password_is_in_what_the_engine_shows_nor_in_a_job_graph(compose: Compose) -> None:
    secrets = [path.read_text("utf-8") for path in (compose.folder / "secrets").iterdir()]
    shown = "".join(str(compose.inspect(service)) for service in STAYING)
    assert len(secrets) == 3
    assert [secret for secret in secrets if secret in shown] == []
    found = compose.run("exec", "-T", "job", "grep", "-rlF", secrets[0], "/state", check=False)
    assert (found.returncode, found.stdout) == (1, "")


def test_every_container_runs_without_root_without_capabilities_and_on_a_read_only_root(
    compose: Compose,
) -> None:
    for service in STAYING:
        found = compose.inspect(service)
        assert found["Config"]["User"] == "taxi"
        assert found["HostConfig"]["ReadonlyRootfs"], service
        assert found["HostConfig"]["CapDrop"] == ["ALL"]
        assert found["HostConfig"]["Memory"] > 0


@pytest.mark.parametrize("service", STAYING)
def test_a_killed_container_heals_and_the_job_runs_from_its_checkpoint(
    compose: Compose, service: str
) -> None:
    before = compose.inspect(service)["State"]["StartedAt"]
    compose.kill(service)
    wait_for(
        lambda: compose.inspect(service)["State"]["StartedAt"] != before, what=f"{service} to start again"
    )
    compose.await_healthy(*STAYING)
    wait_for(compose.running_job, what="the job to run")
    job = compose.running_job()
    restored = compose.get("FLINK", f"/jobs/{job}/checkpoints")["latest"]["restored"]
    if service in {"jobmanager", "taskmanager"}:
        assert restored, "the job began at the start of the topic"


def test_down_and_up_builds_nothing_keeps_the_volumes_and_goes_on_from_the_checkpoint(
    compose: Compose, tmp_path: Path
) -> None:
    images = compose.images()
    compose.run("down")
    compose.up()
    assert compose.images() == images
    job = wait_for(compose.running_job, what="the job to run")
    assert compose.get("FLINK", f"/jobs/{job}/checkpoints")["latest"]["restored"]
    assert_month(compose, tmp_path)
