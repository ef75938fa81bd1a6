"""Commands as tasks run them."""

import time
from pathlib import Path
from threading import Thread

from airflow_dags.hooks.taxi import TaxiCommand


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
    assert (answer.code, answer.output, answer.said) == (3, "row 2024-01\n", "no such month; give another")
    assert lines == ["./taxi 2024-01", "looking", "error: no such month; give another"]


def test_a_command_that_is_ended_takes_its_children_along(tmp_path: Path) -> None:
    program = script(tmp_path, "sleep 300 & echo $! > child; touch began; wait").replace("'", "")
    path = Path(program)
    path.write_text(
        path.read_text().replace("child", str(tmp_path / "child")).replace("began", str(tmp_path / "began"))
    )
    command = TaxiCommand(program, [], lambda _: None)
    run = Thread(target=command.run)
    run.start()
    deadline = time.monotonic() + 30
    while not (tmp_path / "began").exists() and time.monotonic() < deadline:
        pass
    command.end()
    run.join(30)
    assert not run.is_alive()
    assert not Path("/proc", (tmp_path / "child").read_text().strip()).exists()
