"""The real stack: it is there, it mends itself, and it goes without a trace."""

import json
import os
import subprocess
from dataclasses import replace

import psutil
import pytest

from control_plane import start
from stack import lifecycle
from stack.endpoints import Endpoints
from stack.probes import require_listener
from stack.services import flink
from stack.settings import ROOT, StackSettings
from stack.waiting import StalledError
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

SERVICES = {
    *("kafka", "registry", "flink-jobmanager", "flink-taskmanager", "postgres", "metrics", "keeper", "map")
}


def pids(settings: StackSettings) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for own in lifecycle.stack_processes(settings.home):
        found.setdefault(own.service, set()).add(own.process.pid)
    return found


def kill(settings: StackSettings, service: str) -> int:
    """kill -9 of the part's first process."""
    pid = min(pids(settings)[service])
    psutil.Process(pid).kill()
    return pid


def ailing(settings: StackSettings) -> list[str]:
    """The parts that are not healthy, each with what it says of itself."""
    statuses = lifecycle.statuses(lifecycle.running_site(settings))
    return [f"{status.name}: {status.detail}" for status in statuses if not status.healthy]


def all_healthy(settings: StackSettings) -> bool:
    return not ailing(settings)


def await_health(settings: StackSettings) -> None:
    """Wait until every part is healthy; the failure names those that are not."""
    try:
        wait_for(lambda: all_healthy(settings), what="every part to be healthy")
    except StalledError as stalled:
        raise AssertionError(ailing(settings)) from stalled


def listens(address: str) -> bool:
    try:
        require_listener(address)
    except ConnectionError:
        return False
    return True


def taxi(*arguments: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(ROOT / "taxi"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_part_is_healthy_and_says_so(stack: Endpoints, stack_environment: dict[str, str]) -> None:
    # A test before this one may just have started the keeper again.
    wait_for(lambda: healthy(stack_environment) == (SERVICES, 0), what="every service to be healthy")


def healthy(stack_environment: dict[str, str]) -> tuple[set[str], int]:
    """The services that `./taxi status` calls healthy, and its exit code."""
    done = taxi("status", "--json", environment=stack_environment)
    return {status["name"] for status in json.loads(done.stdout) if status["healthy"]}, done.returncode


def test_up_on_a_running_stack_changes_nothing(stack: Endpoints, stack_settings: StackSettings) -> None:
    before = pids(stack_settings)
    assert start.up(stack_settings) == stack
    assert {service: pids(stack_settings)[service] for service in SERVICES - {"postgres"}} == {
        service: before[service] for service in SERVICES - {"postgres"}
    }


def test_a_query_is_printed_and_its_mistake_is_one_line(stack_environment: dict[str, str]) -> None:
    good = taxi("sql", "--csv", "select 1 as one, 'a%b' as text", environment=stack_environment)
    assert good.stdout == "one,text\n1,a%b\n"
    bad = taxi("sql", "select nonsense", environment=stack_environment)
    assert (bad.returncode, bad.stderr) == (1, 'error: Postgres reports: column "nonsense" does not exist\n')


def test_a_killed_taskmanager_comes_back_by_itself(stack: Endpoints, stack_settings: StackSettings) -> None:
    killed = kill(stack_settings, flink.TASKMANAGER)
    wait_for(
        lambda: pids(stack_settings).get(flink.TASKMANAGER, set()) - {killed}, what="another TaskManager"
    )
    await_health(stack_settings)
    wait_for(lambda: listens(stack.metrics.taskmanager), what="the TaskManager's metrics")


@pytest.mark.long("the drills kill-kafka and kill-postgres do the same under a replay")
def test_a_killed_broker_and_database_come_back_by_themselves(
    stack: Endpoints, stack_settings: StackSettings
) -> None:
    kill(stack_settings, "kafka")
    kill(stack_settings, "postgres")
    await_health(stack_settings)


@pytest.mark.long("starts every service again; a service that died alone is repaired in make test")
def test_up_repairs_a_stack_whose_supervisor_was_killed(
    stack: Endpoints, stack_settings: StackSettings
) -> None:
    orphans = pids(stack_settings)
    kill(stack_settings, "supervisord")
    assert start.up(stack_settings) == stack
    assert all_healthy(stack_settings)
    assert not orphans["kafka"] & pids(stack_settings)["kafka"]


@pytest.mark.long("starts a second stack")
def test_down_leaves_no_process_and_touches_no_other_stack(
    stack: Endpoints, stack_settings: StackSettings
) -> None:
    second = replace(stack_settings, home=stack_settings.home / "second")
    start.up(second)
    lifecycle.down(second, purge=True)
    assert pids(second) == {}
    assert all_healthy(stack_settings)
