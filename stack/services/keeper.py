"""The keeper: a process of ours that brings lost jobs back; what it says of itself is in a note."""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from stack.services.part import Part, Site
from stack.settings import ROOT, inherited_environment
from stack.supervision.program import Program

NAME = "keeper"


def keeper(site: Site) -> Part:
    """The keeper of this site."""
    return Part(name=NAME, prepare=lambda: _prepare(site), check=lambda: said(site.home))


@dataclass(frozen=True)
class Note:
    """What the keeper does, and until when that is news; in seconds since the epoch."""

    says: str
    news_until: float

    def leave(self, home: Path) -> None:
        """Write it, whole or not at all."""
        draft = note_path(home).with_suffix(".part")
        draft.write_text(json.dumps(asdict(self)), "utf-8")
        draft.replace(note_path(home))


def note_path(home: Path) -> Path:
    """Where the note lies."""
    return home / NAME / "note.json"


def said(home: Path) -> str:
    """What the keeper says of itself; raises when it has not been heard of lately."""
    try:
        note = Note(**json.loads(note_path(home).read_text("utf-8")))
    except FileNotFoundError:
        raise ConnectionError("it has not looked yet") from None
    silent_seconds = time.time() - note.news_until
    if silent_seconds > 0:
        raise ConnectionError(f"it should have looked {silent_seconds:,.0f} s ago")
    return note.says


def _prepare(site: Site) -> Program:
    note_path(site.home).parent.mkdir(parents=True, exist_ok=True)
    note_path(site.home).unlink(missing_ok=True)
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
