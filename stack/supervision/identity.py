"""The variables that each process of ours carries, and the names by which some are treated differently."""

from pathlib import Path

HOME_VARIABLE = "TAXI_HOME"
SERVICE_VARIABLE = "TAXI_PART"
SUPERVISOR_SERVICE = "supervisord"
KAFKA_SERVICE = "kafka"
SCHEDULER_SERVICE = "airflow-scheduler"


def identity(home: Path, service: str) -> dict[str, str]:
    """The variables by which a process is known as ours."""
    return {HOME_VARIABLE: str(home), SERVICE_VARIABLE: service}
