"""The Avro contract of a trip."""

import json
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

SUBJECT_COMPATIBILITY = "FULL_TRANSITIVE"

PROGRESS_MARKER_KEY = b"progress"
"""Kafka key of a progress marker: a record without value whose timestamp is the event clock of the replay."""


FOLDER = files("schemas") / "avro" / "trip"

FIRST_MONTHS = {1: date(2009, 1, 1), 2: date(2025, 1, 1)}
"""First month whose TLC files have the columns of a version; 2 added `cbd_congestion_fee`."""


@dataclass(frozen=True)
class TripSchema:
    """One version of the Avro record `nyc.taxi.Trip`."""

    version: int
    text: str

    @property
    def first_month(self) -> date:
        """The first month whose trips are written with this version or a newer one."""
        return FIRST_MONTHS[self.version]

    @property
    def record(self) -> dict[str, Any]:
        """The schema as parsed JSON."""
        record: dict[str, Any] = json.loads(self.text)
        return record

    @property
    def columns(self) -> tuple[str, ...]:
        """Field names in wire order."""
        return tuple(field["name"] for field in self.record["fields"])


def all_versions(folder: Traversable = FOLDER) -> tuple[TripSchema, ...]:
    """Return every published version, oldest first; `folder` may be that of another release."""
    found = [
        TripSchema(version=int(entry.name[1:].removesuffix(".avsc")), text=entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".avsc")
    ]
    return tuple(sorted(found, key=lambda schema: schema.version))


def current() -> TripSchema:
    """Return the newest version: its columns are those of every table."""
    return all_versions()[-1]


def subject(topic: str) -> str:
    """Return the registry subject for the values of `topic` (Confluent's TopicNameStrategy)."""
    return f"{topic}-value"
