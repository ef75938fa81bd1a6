"""Replace this process with a program, after killing what an earlier process of the same service has left.

A killed scheduler leaves its workers, and they leave the commands that they run: its successor runs the same
tasks again, and must not meet them.
"""

import json
import os
import sys
from pathlib import Path

import psutil

from stack.settings import StackSettings, user_environment
from stack.supervision.identity import SERVICE_VARIABLE
from stack.supervision.processes import OwnProcess, end_processes, own_processes


def main(environment: Path, command: list[str]) -> None:
    """Kill the leftovers of this service, then become the program, with the environment saved for it."""
    end_processes(leftovers(), grace_seconds=5)
    kept = json.loads(environment.read_text("utf-8"))
    os.execve(command[0], command, {**user_environment(), **kept})  # noqa: S606 - no shell is meant


def leftovers() -> list[OwnProcess]:
    """Return every process of this service and home except this one and its ancestors."""
    me = psutil.Process()
    ours = {me.pid, *(parent.pid for parent in me.parents())}
    service = me.environ()[SERVICE_VARIABLE]
    found = own_processes(StackSettings.from_environment().home)
    return [own for own in found if own.service == service and own.process.pid not in ours]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
