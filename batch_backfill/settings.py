"""Read the user's settings from the environment; nothing else in `batch_backfill` reads it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.errors import UserError
from schemas.processed import SETTING

ROWS_PER_FILE = 4_000_000
"""About 150 MB of trips."""

TASKS_FOR_A_FILE = 16
"""Where the rows are fewer than one of these tasks would get, exchanging them costs more than it saves."""


@dataclass(frozen=True)
class BatchSettings:
    """Folders or s3:// prefixes; Spark's own settings decide where Spark runs and with what."""

    raw_data: str = ""
    processed_data: str = ""
    taxi_zones_file: str = ""
    """The zone shapes, GeoJSON or TopoJSON, for the months before 2016-07, which have coordinates."""
    rows_per_file: int = ROWS_PER_FILE

    @property
    def rows_for_one_task(self) -> int:
        """The most rows of a month that one task processes alone."""
        return self.rows_per_file // TASKS_FOR_A_FILE

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "BatchSettings":
        """Read every setting; raises UserError for an invalid one."""
        return cls(
            raw_data=environment.get("RAW_DATA", ""),
            processed_data=environment.get(SETTING, ""),
            taxi_zones_file=environment.get("TAXI_ZONES_FILE", ""),
            rows_per_file=_positive(environment, "ROWS_PER_FILE", ROWS_PER_FILE),
        )


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, "") or str(default)
    if not value.isdecimal() or int(value) == 0:
        raise UserError(f"invalid setting {name}={value}", "give a whole number above 0")
    return int(value)
