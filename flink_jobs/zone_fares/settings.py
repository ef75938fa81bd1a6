"""Read the settings of the job from the environment, once."""

from flink_jobs.runtime.settings import JobSettings
from schemas.topics import DEAD_LETTERS_TOPIC


class ZoneFaresSettings(JobSettings):
    """Where the job reads, writes and runs."""

    job_name: str = "zone_fares"
    consumer_group: str = "zone_fares"
    dead_letters_topic: str = DEAD_LETTERS_TOPIC
