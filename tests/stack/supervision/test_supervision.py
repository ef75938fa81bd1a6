"""A real supervisord with programs that only wait."""

import sys
from pathlib import Path

import pytest

from stack.supervision.processes import end_processes, own_processes
from stack.supervision.program import Program
from stack.supervision.supervisor import Supervisor
from tests.waiting import wait_for


def waiting(folder: Path) -> Program:
    return Program([sys.executable, "-c", "import time; time.sleep(600)"], directory=folder)


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    return Supervisor(tmp_path)


def test_a_part_that_a_running_supervisor_does_not_know_is_added_and_the_others_run_on(
    supervisor: Supervisor,
) -> None:
    home = supervisor.home
    try:
        supervisor.launch({"old": waiting(home)})
        wait_for(supervisor.is_alive, what="supervisord")
        supervisor.start_service("old")
        before = {own.process.pid for own in own_processes(home)}
        supervisor.change_to({"old": waiting(home), "new": waiting(home)})
        supervisor.start_service("new")
        wait_for(lambda: supervisor.states().get("new") == "RUNNING", what="the new part")
        assert before < {own.process.pid for own in own_processes(home)}
    finally:
        end_processes(own_processes(home))


def test_a_service_whose_module_has_moved_since_it_was_started_is_replaced(supervisor: Supervisor) -> None:
    home = supervisor.home
    moved = Program([sys.executable, "-m", "stack.no_longer_here"], directory=home)
    there = Program([sys.executable, "-m", "stack.supervision.takeover"], directory=home)
    try:
        supervisor.launch({"moved": moved, "there": there, "waits": waiting(home)})
        wait_for(supervisor.is_alive, what="supervisord")
        assert supervisor.outdated_programs() == {"moved"}
        supervisor.change_to({"moved": waiting(home), "there": there, "waits": waiting(home)}, {"moved"})
        supervisor.start_service("moved")
        wait_for(lambda: supervisor.states().get("moved") == "RUNNING", what="the replaced service")
        assert supervisor.outdated_programs() == set()
    finally:
        end_processes(own_processes(home))
