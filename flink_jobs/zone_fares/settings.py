"""Read the settings of the job from the environment, once."""

from flink_jobs.runtime.settings import JobSettings
from schemas.topics import DEAD_LETTERS_TOPIC


class ZoneFaresSettings(JobSettings):
    """The settings of this job: its input, output and cluster."""

    job_name: str = "zone_fares"
    consumer_group: str = "zone_fares"
    dead_letters_topic: str = DEAD_LETTERS_TOPIC
