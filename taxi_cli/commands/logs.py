"""`./taxi logs`."""

import sys
import time
from collections import deque
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import UserError
from stack.settings import StackSettings
from stack.supervision.supervisor import log_files

FOLLOW_POLL_SECONDS = 0.3


def logs(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Service, as named by ./taxi status.")],
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Print new lines as they arrive.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", help="Number of last lines to print.")] = 100,
) -> None:
    """Show the log of a service."""
    with _log_of(StackSettings.from_environment().home, name).open(errors="replace") as stream:
        sys.stdout.writelines(deque(stream, maxlen=lines))
        while follow:
            sys.stdout.writelines(stream)
            sys.stdout.flush()
            time.sleep(FOLLOW_POLL_SECONDS)


def _log_of(home: Path, name: str) -> Path:
    written = [path for path in log_files(home, name) if path.is_file()]
    if not written:
        known = ", ".join(sorted(path.stem for path in (home / "logs").glob("*.log"))) or "none yet"
        raise UserError(f"there is no log of {name}", f"choose from: {known}")
    return written[0]
