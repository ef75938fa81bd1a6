"""What one running job reads and writes: jobs with different wiring run side by side."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from control_plane.sink.table_sets import FIRST_SET
from schemas.jobs import DEFAULT_JOB
from schemas.topics import DEAD_LETTERS_TOPIC, TRIPS_TOPIC, dead_letters_topic


@dataclass(frozen=True)
class Wiring:
    """The topics, tables and names of one running job, for any release."""

    job: str
    """The job's folder in `flink_jobs`."""
    name: str
    """The name in the dashboard, the records and the commands."""
    table_set: str = FIRST_SET
    topic: str = TRIPS_TOPIC
    dead_letters_topic: str = DEAD_LETTERS_TOPIC
    consumer_group: str = ""
    """The consumer group; empty uses the release's."""
    bounded: bool = False
    """Read to the current end of the topic, and finish."""

    @classmethod
    def of_job(cls, name: str) -> "Wiring":
        """Return the wiring of the version with this name: `zone_fares` is the first, `zone_fares-2` the
        second."""
        job, number = split_version_name(name)
        return cls.of_version(job, number or 1)

    @classmethod
    def of_version(cls, job: str, number: int) -> "Wiring":
        """Return the wiring of a version of a job: all follows from the number, so nothing has to be stored.

        Only the first version writes the public topic of dead letters, so that its consumers get each letter
        once.
        """
        if number == 1:
            return cls(job, job, set_name(job, number))
        name = f"{job}-{number}"
        return cls(job, name, set_name(job, number), TRIPS_TOPIC, dead_letters_topic(number), name)

    @property
    def version(self) -> int:
        """The number of the version."""
        return split_version_name(self.name)[1] or 1

    def as_environment(self) -> Mapping[str, str]:
        """Return the wiring as environment variables of the job's settings."""
        variables = {
            "JOB_NAME": self.name,
            "TABLE_SET": self.table_set,
            "TRIPS_TOPIC": self.topic,
            "DEAD_LETTERS_TOPIC": self.dead_letters_topic,
            "CONSUMER_GROUP": self.consumer_group,
            "BOUNDED": "true" if self.bounded else "",
        }
        return {name: value for name, value in variables.items() if value}


def split_version_name(name: str) -> tuple[str, int]:
    """Split the name of a version into job and number; 0 where it names none."""
    found = re.fullmatch(r"(.+?)-([1-9][0-9]*)", name)
    return (found[1], int(found[2])) if found else (name, 0)


def has_versions(job: str) -> bool:
    """Check whether `taxi.*` shows the tables of the job, so that readers can be switched to another
    version."""
    return job == DEFAULT_JOB


def set_name(job: str, number: int) -> str:
    """Return the table set of a version; a job without versions has a schema of its own name."""
    return f"{FIRST_SET.removesuffix('1')}{number}" if has_versions(job) else job


def set_number(table_set: str) -> int:
    """Return the version that writes a table set."""
    return int(table_set.rpartition("_")[2])
