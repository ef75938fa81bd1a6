"""The job's SQL, read from the files beside this one and filled with the contracts of `schemas`."""

from collections.abc import Mapping
from datetime import timedelta
from importlib.resources import files
from string import Template

from flink_jobs.zone_fares.settings import ZoneFaresSettings
from schemas.rules import broken_rules_sql, is_valid_sql
from schemas.topics import PARTITION_DISCOVERY_SECONDS
from schemas.trip import PROGRESS_MARKER_KEY
from schemas.windows import ZONE_FARES

TABLES = (
    "counters.sql",
    "source.sql",
    "classify.sql",
    "windows.sql",
    "ledger.sql",
    "sinks.sql",
    "dead_letters.sql",
)
INSERTS = "inserts.sql"


def statements(file_name: str, settings: ZoneFaresSettings) -> list[str]:
    """The statements of one file, in order, without their comments."""
    text = (files("flink_jobs.zone_fares") / file_name).read_text("utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    filled = Template(code).substitute(_parameters(settings))
    return [statement.strip() for statement in filled.split(";\n") if statement.strip()]


def _parameters(settings: ZoneFaresSettings) -> dict[str, str]:
    return {
        "is_valid": f"({is_valid_sql()})",
        "broken_rules": broken_rules_sql(),
        "is_progress_marker": _is_progress_marker(),
        "size_minutes": _minutes(ZONE_FARES.size),
        "slide_minutes": _minutes(ZONE_FARES.slide),
        "max_disorder_minutes": _minutes(ZONE_FARES.max_disorder),
        "topic": settings.trips_topic,
        "dead_letters_topic": settings.dead_letters_topic,
        "table_set": settings.table_set,
        "partition_discovery_seconds": str(PARTITION_DISCOVERY_SECONDS),
        "bounded_mode": "latest-offset" if settings.bounded else "unbounded",
        "consumer_group": settings.consumer_group,
        "kafka": _options(settings.kafka_options),
        "schema_registry_url": settings.schema_registry_url,
        "postgres": _options(settings.jdbc_options),
    }


def _is_progress_marker() -> str:
    """A record without value is a marker only under the marker's key; a stranger's is a dead letter."""
    return f"(error is not null and payload is null and record_key = x'{PROGRESS_MARKER_KEY.hex()}')"


def _minutes(duration: timedelta) -> str:
    minutes, rest = divmod(duration, timedelta(minutes=1))
    if rest:
        raise ValueError(f"{duration} is no whole number of minutes, which the SQL of zone_fares counts in")
    return str(minutes)


def _options(options: Mapping[str, str]) -> str:
    return ", ".join(f"'{key}' = '{_quoted(value)}'" for key, value in options.items())


def _quoted(value: str) -> str:
    return value.replace("'", "''")
