"""The note that a running stack leaves for later commands: the ports it uses, and whether it has locks."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


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
        return Ports(**json.loads(record_path(home).read_text())["ports"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def recorded_as_secure(home: Path) -> bool:
    """Whether the last stack in this home was made with locks, which its data then has too."""
    try:
        return bool(json.loads(record_path(home).read_text()).get("secure"))
    except (OSError, ValueError, AttributeError):
        return False


def write_record(home: Path, ports: Ports, *, secure: bool = False) -> None:
    """Leave the note, whole or not at all."""
    draft = record_path(home).with_suffix(".part")
    draft.write_text(json.dumps({"ports": asdict(ports), "secure": secure}, indent=2) + "\n")
    draft.replace(record_path(home))


def remove_record(home: Path) -> None:
    """Take the note away: nothing runs any more."""
    record_path(home).unlink(missing_ok=True)
