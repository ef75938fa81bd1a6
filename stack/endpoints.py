"""Where the parts of a running stack are reached."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from stack.errors import UserError
from stack.ports import LOOPBACK
from stack.record import Ports, recorded_extras, recorded_ports
from stack.settings import Settings

EXTRA_VARIABLES = {"airflow": "AIRFLOW_URL"}
"""Under which name the address of an optional service is known."""


@dataclass(frozen=True)
class Metrics:
    """Where Prometheus scrapes, each as `host:port`; the path is /metrics."""

    jobmanager: str
    taskmanager: str
    platform: str

    def as_environment(self) -> dict[str, str]:
        """The addresses under names of their own: no program of the platform needs them."""
        return {
            f"PROMETHEUS_{name.upper()}_URL": f"http://{target}/metrics"
            for name, target in asdict(self).items()
        }


@dataclass(frozen=True)
class Endpoints:
    """The addresses that producers, jobs and people use."""

    kafka_bootstrap_servers: str
    schema_registry_url: str
    flink_rest_url: str
    postgres_dsn: str
    metrics: Metrics
    home: Path
    extras: Mapping[str, str] = field(default_factory=dict)
    """The addresses of the optional services that this stack has, by their variables' names."""

    @classmethod
    def of_ports(cls, ports: Ports, home: Path, extra_ports: Mapping[str, int] | None = None) -> "Endpoints":
        """The addresses of a stack on these ports."""
        return cls(
            kafka_bootstrap_servers=f"{LOOPBACK}:{ports.kafka}",
            schema_registry_url=f"http://{LOOPBACK}:{ports.registry}/apis/ccompat/v7",
            flink_rest_url=f"http://{LOOPBACK}:{ports.flink}",
            postgres_dsn=f"postgresql://taxi@{LOOPBACK}:{ports.postgres}/taxi",
            metrics=Metrics(
                jobmanager=f"{LOOPBACK}:{ports.jobmanager_metrics}",
                taskmanager=f"{LOOPBACK}:{ports.taskmanager_metrics}",
                platform=f"{LOOPBACK}:{ports.platform_metrics}",
            ),
            home=home,
            extras={
                EXTRA_VARIABLES[name]: f"http://{LOOPBACK}:{port}"
                for name, port in (extra_ports or {}).items()
            },
        )

    @classmethod
    def of_running_stack(cls, settings: Settings | None = None) -> "Endpoints":
        """The addresses of the stack that runs now; raises UserError when none does."""
        from stack.supervision import Supervisor  # noqa: PLC0415 - `env` of a stopped stack needs no XML-RPC

        home = (settings or Settings.from_environment()).home
        ports = recorded_ports(home)
        if ports is None or not Supervisor(home).is_alive():
            raise UserError("the stack is not running", "start it with ./taxi up")
        return cls.of_ports(ports, home, recorded_extras(home))

    def as_environment(self) -> dict[str, str]:
        """The same addresses under the names that every program of the platform reads.

        Without the optional services: a planned job graph belongs to these addresses, and needs no other.
        """
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap_servers,
            "SCHEMA_REGISTRY_URL": self.schema_registry_url,
            "FLINK_REST_URL": self.flink_rest_url,
            "POSTGRES_DSN": self.postgres_dsn,
        }
