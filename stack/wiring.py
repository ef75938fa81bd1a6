"""What one running job reads and writes: two of different wiring run side by side."""

from collections.abc import Mapping
from dataclasses import dataclass

from stack.tables import FIRST_SET
from stack.topic import DEAD_LETTERS_TOPIC, TOPIC


@dataclass(frozen=True)
class Wiring:
    """The places of one running job, whatever its release."""

    job: str
    """The folder of `flink_jobs` that it is made of."""
    name: str
    """As the dashboard, the records and the commands know it."""
    table_set: str = FIRST_SET
    topic: str = TOPIC
    dead_letters_topic: str = DEAD_LETTERS_TOPIC
    consumer_group: str = ""
    """Empty takes the release's."""
    bounded: bool = False
    """It reads to where the topic ends now, and finishes."""

    @classmethod
    def of_job(cls, name: str) -> "Wiring":
        """The job that serves: it bears the name of its folder."""
        return cls(name, name)

    def as_environment(self) -> Mapping[str, str]:
        """The same under the names that the job's settings have."""
        places = {
            "JOB_NAME": self.name,
            "TABLE_SET": self.table_set,
            "TRIPS_TOPIC": self.topic,
            "DEAD_LETTERS_TOPIC": self.dead_letters_topic,
            "CONSUMER_GROUP": self.consumer_group,
            "BOUNDED": "true" if self.bounded else "",
        }
        return {name: value for name, value in places.items() if value}
