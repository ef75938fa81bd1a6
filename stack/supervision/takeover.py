"""Becomes a program, after ending what an earlier process of the same part has left.

A scheduler that is killed leaves its workers, and they the commands that they run: its successor will run
the same tasks again, and must not meet them.
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
    """End the leftovers of this part, then become the program, with the environment that was kept for it."""
    end_processes(leftovers(), grace_seconds=5)
    kept = json.loads(environment.read_text("utf-8"))
    os.execve(command[0], command, {**user_environment(), **kept})  # noqa: S606 - no shell is meant


def leftovers() -> list[OwnProcess]:
    """Every process of this part and home that is neither this one nor above it."""
    me = psutil.Process()
    ours = {me.pid, *(parent.pid for parent in me.parents())}
    service = me.environ()[SERVICE_VARIABLE]
    found = own_processes(StackSettings.from_environment().home)
    return [own for own in found if own.service == service and own.process.pid not in ours]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
