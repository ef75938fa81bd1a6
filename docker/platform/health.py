"""Check the health of a part, as the local stack does: health.py PART. Exits with 1 and the reason."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from pkgutil import resolve_name

from schemas.jobs import DEFAULT_JOB

CHECKS: Mapping[str, tuple[str, str]] = {
    "kafka": ("stack.services.kafka:broker_count", "KAFKA_BOOTSTRAP_SERVERS"),
    "registry": ("stack.services.registry:subject_count", "SCHEMA_REGISTRY_URL"),
    "jobmanager": ("stack.services.flink:job_count", "FLINK_REST_URL"),
    "taskmanager": ("stack.services.flink:slot_count", "FLINK_REST_URL"),
    "postgres": ("stack.database:server_version", "POSTGRES_DSN"),
}
"""Each check and the variable with its address; only the module of the checked part is imported."""


def main(part: str) -> int:
    """Print what the check found."""
    try:
        print(_job_health() if part == "job" else _health(part))  # noqa: T201 - `docker inspect` shows it
    except Exception as error:  # client libraries raise many types; any means unhealthy
        print(f"{type(error).__name__}: {error}")  # noqa: T201
        return 1
    return 0


def _health(part: str) -> str:
    place, variable = CHECKS[part]
    check: Callable[[str], str] = resolve_name(place)
    return check(os.environ[variable])


def _job_health() -> str:
    from control_plane.jobs.flink_rest import FlinkRest  # noqa: PLC0415 - the other checks do not need it
    from stack.services.keeper import keeper_status  # noqa: PLC0415

    status = keeper_status(Path(os.environ["TAXI_HOME"]))
    name = os.environ.get("FLINK_JOB") or DEFAULT_JOB
    job = FlinkRest(os.environ["FLINK_REST_URL"]).live_job(name)
    if job is None or not job.is_running:
        raise ConnectionError(f"{name} does not run; the keeper says: {status}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
