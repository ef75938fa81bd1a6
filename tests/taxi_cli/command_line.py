"""The command as a person runs it: a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from stack.settings import ROOT

WIDE = {"COLUMNS": "200", "TERMINAL_WIDTH": "200"}


def taxi(*arguments: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `./taxi` in a home without a stack, in the environment of the tests."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "taxi_cli", *arguments],
        env={**os.environ, **WIDE, "PYTHONPATH": str(ROOT), "TAXI_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def the_one_line(result: subprocess.CompletedProcess[str]) -> str:
    """All that a failed command says."""
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line
