"""The addresses of the platform in this network."""

import os

from stack.endpoints import Endpoints, Metrics
from stack.settings import home_folder

EXPORTER_PORT = 9249


def endpoints() -> Endpoints:
    """Return the addresses that docker-compose.yml gives by environment variables."""
    return Endpoints(
        kafka_bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        schema_registry_url=os.environ["SCHEMA_REGISTRY_URL"],
        flink_rest_url=os.environ["FLINK_REST_URL"],
        postgres_dsn=os.environ["POSTGRES_DSN"],
        metrics=Metrics(f"jobmanager:{EXPORTER_PORT}", f"taskmanager:{EXPORTER_PORT}", ""),
        home=home_folder(),
    )
