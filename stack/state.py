"""The record that a running stack leaves for later commands: its ports, services and security profile."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schemas.atomic_file import write_json


@dataclass(frozen=True)
class Ports:
    """Every loopback port of one stack; users choose the first four, the others are any free ports."""

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
    """Return the path of the record."""
    return home / "stack.json"


def recorded_ports(home: Path) -> Ports | None:
    """Return the ports of the last stack in this home, or None without a readable record."""
    try:
        return Ports(**_note(home)["ports"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def recorded_as_secure(home: Path) -> bool:
    """Return whether the last stack in this home was secure; its data then is too."""
    try:
        return bool(_note(home).get("secure"))
    except (OSError, ValueError, AttributeError):
        return False


def recorded_extras(home: Path) -> dict[str, int]:
    """Return the optional services of this home's stack, and the port of each."""
    try:
        return {str(name): int(port) for name, port in _note(home).get("with", {}).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def recorded_as_left_out(home: Path) -> frozenset[str]:
    """Return the default services that this home's stack leaves out."""
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
    """Write the record atomically."""
    note = {
        "ports": asdict(ports),
        "with": dict(extras or {}),
        "without": sorted(left_out),
        "secure": secure,
    }
    write_json(record_path(home), note)


def remove_record(home: Path) -> None:
    """Remove the record: nothing runs any more."""
    record_path(home).unlink(missing_ok=True)


def _note(home: Path) -> dict[str, Any]:
    note: dict[str, Any] = json.loads(record_path(home).read_text())
    return note
