"""Load the SQL of a job: files next to its `job.py`, filled with settings and the contracts of `schemas`."""

from collections.abc import Mapping
from datetime import timedelta
from importlib.resources import files
from string import Template

from flink_jobs.runtime.settings import JobSettings
from schemas.flink_columns import column_parameters
from schemas.rules import broken_rules_sql, is_valid_sql
from schemas.topics import PARTITION_DISCOVERY_SECONDS
from schemas.trip import PROGRESS_MARKER_KEY
from schemas.windows import ZONE_FARES

PROMPT = {"sink.buffer-flush.interval": "200ms"}
"""Sink options for a table that readers watch: small batches cost more, so the others wait longer."""


def read_statements(package: str, file_name: str, parameters: Mapping[str, str]) -> list[str]:
    """Return the statements of one file of a package, in order, without their comments.

    Raises KeyError for a `${name}` that is not a parameter.
    """
    text = (files(package) / file_name).read_text("utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    filled = Template(code).substitute(parameters)
    return [statement.strip() for statement in filled.split(";\n") if statement.strip()]


def common_parameters(settings: JobSettings) -> dict[str, str]:
    """Return what the SQL of every job may name: connections, the trips topic, a trip's columns and rules."""
    postgres_options = settings.postgres_options
    return {
        **column_parameters(),
        "is_valid": f"({is_valid_sql()})",
        "broken_rules": broken_rules_sql(),
        "is_progress_marker": _is_progress_marker(),
        "is_ahead_of_its_clock": _is_ahead_of_its_clock(),
        "topic": settings.trips_topic,
        "table_set": settings.table_set,
        "partition_discovery_seconds": str(PARTITION_DISCOVERY_SECONDS),
        "bounded_mode": "latest-offset" if settings.bounded else "unbounded",
        "consumer_group": settings.consumer_group,
        "kafka": _options(settings.kafka_options),
        "schema_registry_url": settings.schema_registry_url,
        "postgres": _options(postgres_options),
        "postgres_prompt": _options({**postgres_options, **PROMPT}),
        "postgres_counting": _options({**postgres_options, "connector": "postgres-counting"}),
    }


def whole_minutes(duration: timedelta) -> str:
    """Format a duration for an SQL interval; raises ValueError unless it is a whole number of minutes."""
    minutes, rest = divmod(duration, timedelta(minutes=1))
    if rest:
        raise ValueError(f"{duration} is not a whole number of minutes, which the SQL of the jobs requires")
    return str(minutes)


def _is_progress_marker() -> str:
    """Return the SQL test for a marker: no value, and the marker's key.

    Any other empty record is a dead letter.
    """
    return f"(error is not null and payload is null and record_key = x'{PROGRESS_MARKER_KEY.hex()}')"


def _is_ahead_of_its_clock() -> str:
    """Return the SQL test for a drop-off too far ahead of the record's timestamp, the publisher's clock.

    The watermark stays behind that clock by as much.
    """
    return f"(dropoff_at > arrived_at + interval '{whole_minutes(ZONE_FARES.max_disorder)}' minute)"


def _options(options: Mapping[str, str]) -> str:
    return ", ".join(f"'{key}' = '{_quoted(value)}'" for key, value in options.items())


def _quoted(value: str) -> str:
    return value.replace("'", "''")
