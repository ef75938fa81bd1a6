"""The keeper: our process that restores lost jobs; a status file tells what it does."""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from schemas.atomic_file import write_json
from stack.services.service import Service, Site
from stack.settings import ROOT, inherited_environment
from stack.supervision.program import Program

NAME = "keeper"


def keeper(site: Site) -> Service:
    """Return the keeper of this site."""
    return Service(name=NAME, prepare=lambda: _prepare(site), check=lambda: keeper_status(site.home))


@dataclass(frozen=True)
class KeeperStatus:
    """The keeper's current action, and until when it is valid; in seconds since the epoch."""

    message: str
    valid_until: float

    def write(self, home: Path) -> None:
        """Write the status atomically."""
        write_json(status_path(home), asdict(self))


def status_path(home: Path) -> Path:
    """Return the path of the status file."""
    return home / NAME / "status.json"


def keeper_status(home: Path) -> str:
    """Return the keeper's message; raises when its status is out of date."""
    try:
        status = KeeperStatus(**json.loads(status_path(home).read_text("utf-8")))
    except FileNotFoundError:
        raise ConnectionError("it has not checked yet") from None
    silent_seconds = time.time() - status.valid_until
    if silent_seconds > 0:
        raise ConnectionError(f"its check is {silent_seconds:,.0f} s overdue")
    return status.message


def _prepare(site: Site) -> Program:
    status_path(site.home).parent.mkdir(parents=True, exist_ok=True)
    status_path(site.home).unlink(missing_ok=True)
    return Program(
        [sys.executable, "-m", "control_plane.jobs.keeper"], directory=ROOT, environment=_environment(site)
    )


def _environment(site: Site) -> dict[str, str]:
    return {
        **inherited_environment(),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "TAXI_CACHE_DIR": str(site.settings.cache),
    }
