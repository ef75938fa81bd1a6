"""Add the job's own SQL parameters to the common ones: its windows, and its dead-letter topic."""

from flink_jobs.runtime.sql import whole_minutes
from flink_jobs.zone_fares.settings import ZoneFaresSettings
from schemas.windows import ZONE_FARES

MOST_PUBLISHED_BYTES = 900_000
"""The size limit of a dead letter: a producer sends at most a megabyte, address and error included."""


def parameters(settings: ZoneFaresSettings) -> dict[str, str]:
    """Return the values by their names in the SQL."""
    return {
        "size_minutes": whole_minutes(ZONE_FARES.size),
        "slide_minutes": whole_minutes(ZONE_FARES.slide),
        "max_disorder_minutes": whole_minutes(ZONE_FARES.max_disorder),
        "dead_letters_topic": settings.dead_letters_topic,
        "most_published_bytes": str(MOST_PUBLISHED_BYTES),
        "refused_rows": f"'refused-rows.table-name' = '{settings.table_set}.dead_letters'",
    }
