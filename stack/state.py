"""The note that a running stack leaves for later commands: the ports it uses, and whether it has locks."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schemas.atomic_file import write_json


@dataclass(frozen=True)
class Ports:
    """Every loopback port of one stack; a person chooses the first four, the others are found free."""

    kafka: int
    registry: int
    flink: int
    postgres: int
    kafka_controller: int
    registry_management: int
    flink_rpc: int
    jobmanager_metrics: int
    taskmanager_metrics: int
    platform_metrics: int


def record_path(home: Path) -> Path:
    """Where the note lies."""
    return home / "stack.json"


def recorded_ports(home: Path) -> Ports | None:
    """The ports of the last stack in this home, or None when there is no readable note."""
    try:
        return Ports(**_note(home)["ports"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def recorded_as_secure(home: Path) -> bool:
    """Whether the last stack in this home was made with locks, which its data then has too."""
    try:
        return bool(_note(home).get("secure"))
    except (OSError, ValueError, AttributeError):
        return False


def recorded_extras(home: Path) -> dict[str, int]:
    """The optional services that this home's stack was started with, and the port of each."""
    try:
        return {str(name): int(port) for name, port in _note(home).get("with", {}).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def recorded_as_left_out(home: Path) -> frozenset[str]:
    """The services that this home's stack is not to have, though every stack has them."""
    try:
        return frozenset(map(str, _note(home).get("without", ())))
    except (OSError, ValueError, TypeError, AttributeError):
        return frozenset()


def write_record(
    home: Path,
    ports: Ports,
    extras: Mapping[str, int] | None = None,
    *,
    left_out: Collection[str] = (),
    secure: bool = False,
) -> None:
    """Leave the note, whole or not at all."""
    note = {
        "ports": asdict(ports),
        "with": dict(extras or {}),
        "without": sorted(left_out),
        "secure": secure,
    }
    write_json(record_path(home), note)


def remove_record(home: Path) -> None:
    """Take the note away: nothing runs any more."""
    record_path(home).unlink(missing_ok=True)


def _note(home: Path) -> dict[str, Any]:
    note: dict[str, Any] = json.loads(record_path(home).read_text())
    return note
