"""The variables that each of our processes carries, and the service names that need special handling."""

from pathlib import Path

HOME_VARIABLE = "TAXI_HOME"
SERVICE_VARIABLE = "TAXI_PART"
SUPERVISOR_SERVICE = "supervisord"
KAFKA_SERVICE = "kafka"
SCHEDULER_SERVICE = "airflow-scheduler"


def identity(home: Path, service: str) -> dict[str, str]:
    """Return the variables that identify a process as ours."""
    return {HOME_VARIABLE: str(home), SERVICE_VARIABLE: service}
