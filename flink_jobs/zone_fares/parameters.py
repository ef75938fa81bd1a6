"""What the SQL of the job names beside what every job may: its windows, and its topic of dead letters."""

from flink_jobs.runtime.sql import whole_minutes
from flink_jobs.zone_fares.settings import ZoneFaresSettings
from schemas.windows import ZONE_FARES

MOST_PUBLISHED_BYTES = 900_000
"""Of a dead letter on its topic: a producer sends no more than a megabyte, address and error included."""


def parameters(settings: ZoneFaresSettings) -> dict[str, str]:
    """The values by their names in the SQL."""
    return {
        "size_minutes": whole_minutes(ZONE_FARES.size),
        "slide_minutes": whole_minutes(ZONE_FARES.slide),
        "max_disorder_minutes": whole_minutes(ZONE_FARES.max_disorder),
        "dead_letters_topic": settings.dead_letters_topic,
        "most_published_bytes": str(MOST_PUBLISHED_BYTES),
        "refused_rows": f"'refused-rows.table-name' = '{settings.table_set}.dead_letters'",
    }
