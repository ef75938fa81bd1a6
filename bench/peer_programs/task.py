"""What each program has to do, as the benchmark passes it on the command line."""

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Task:
    """The topic to read, the delay of the windows, and where they go."""

    brokers: str
    registry: str
    topic: str
    partitions: int
    name: str
    """The name of this run: of consumer groups, topics and folders."""
    folder: str
    """A folder for state."""
    writers_schema: str
    """The Avro schema of the topic's trips."""
    delay_seconds: int
    """How long a window waits for trips behind the newest one."""
    records_a_batch: int
    """Records of a micro-batch."""
    dsn: str = ""
    """The database; empty: into nothing."""
    table: str = ""
    """The table, with its schema."""

    @property
    def as_argument(self) -> str:
        """Return the task as one argument."""
        return json.dumps(asdict(self))

    @classmethod
    def of_command_line(cls) -> "Task":
        """Read the only argument."""
        return cls(**json.loads(sys.argv[1]))
