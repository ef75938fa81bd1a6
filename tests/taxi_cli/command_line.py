"""The command as a person runs it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from stack.settings import ROOT

WIDE = {"COLUMNS": "200"}


@dataclass(frozen=True)
class Result:
    """How a command line ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def the_one_line(self) -> str:
        """All that a failed command says."""
        assert self.stdout == ""
        (line,) = self.stderr.splitlines()
        return line


def taxi(*arguments: str, home: Path, **variables: str) -> Result:
    """Run `./taxi` in a home without a stack, in the environment of the tests."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "taxi_cli", *arguments],
        env={**os.environ, **WIDE, "PYTHONPATH": str(ROOT), "TAXI_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)
