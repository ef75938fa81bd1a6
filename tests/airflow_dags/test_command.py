"""Commands as tasks run them."""

from pathlib import Path
from threading import Thread

import psutil

from airflow_dags.hooks.taxi import TaxiCommand
from tests.waiting import wait_for


def script(folder: Path, text: str) -> str:
    path = folder / "taxi"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_command_answers_with_its_output_and_its_one_line(tmp_path: Path) -> None:
    lines: list[str] = []
    program = script(
        tmp_path, 'echo "row $1"; echo looking >&2; echo "error: no such month; give another" >&2; exit 3'
    )
    answer = TaxiCommand(program, ["2024-01"], lines.append).run()
    assert (answer.code, answer.output, answer.error_message) == (
        3,
        "row 2024-01\n",
        "no such month; give another",
    )
    assert lines == ["./taxi 2024-01", "looking", "error: no such month; give another"]


def test_a_command_that_is_ended_takes_its_children_along(tmp_path: Path) -> None:
    child = tmp_path / "child"
    program = script(tmp_path, f"sleep 300 & echo $! > {child}.part; mv {child}.part {child}; wait")
    command = TaxiCommand(program, [], lambda _: None)
    run = Thread(target=command.run)
    run.start()
    wait_for(child.exists, what="the child")
    command.end()
    run.join(30)
    assert not run.is_alive()
    assert is_gone(int(child.read_text()))


def is_gone(pid: int) -> bool:
    """Whether it has ended; nobody may have asked yet how."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
