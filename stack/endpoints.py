"""The addresses of a running stack."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from schemas.errors import UserError
from schemas.kafka_security import KafkaAccess, KafkaSecurity
from stack.ports import LOOPBACK
from stack.security.profiles import recorded_secrets
from stack.security.secrets import JOB, OWNER, PRODUCER, READER, Secrets
from stack.settings import StackSettings
from stack.state import Ports, recorded_extras, recorded_ports
from stack.supervision.supervisor import Supervisor

EXTRA_VARIABLES = {"map": "MAP_URL", "airflow": "AIRFLOW_URL", "s3": "S3_ENDPOINT_URL"}
"""Variable names of the optional services' addresses."""


@dataclass(frozen=True)
class Metrics:
    """Prometheus scrape targets, each as `host:port`; the path is /metrics."""

    jobmanager: str
    taskmanager: str
    platform: str

    def as_environment(self) -> dict[str, str]:
        """Return the targets under separate names: no program of the platform needs them."""
        return {
            f"PROMETHEUS_{name.upper()}_URL": f"http://{target}/metrics"
            for name, target in asdict(self).items()
        }


@dataclass(frozen=True)
class Endpoints:
    """The addresses for producers, jobs and users."""

    kafka_bootstrap_servers: str
    schema_registry_url: str
    flink_rest_url: str
    postgres_dsn: str
    metrics: Metrics
    home: Path
    extras: Mapping[str, str] = field(default_factory=dict)
    """The addresses of the optional services in this stack, by variable name."""
    secrets: Secrets | None = None
    """The secrets of a secure stack; the addresses are then the owner's."""

    @classmethod
    def of_ports(
        cls,
        ports: Ports,
        home: Path,
        extra_ports: Mapping[str, int] | None = None,
        secrets: Secrets | None = None,
    ) -> "Endpoints":
        """Return the addresses of a stack on these ports."""
        return cls(
            kafka_bootstrap_servers=f"{LOOPBACK}:{ports.kafka}",
            schema_registry_url=f"http://{LOOPBACK}:{ports.registry}/apis/ccompat/v7",
            flink_rest_url=f"http://{LOOPBACK}:{ports.flink}",
            postgres_dsn=_dsn(OWNER, ports.postgres, secrets),
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
            secrets=secrets,
        )

    @classmethod
    def of_running_stack(cls, settings: StackSettings | None = None) -> "Endpoints":
        """Return the addresses of the running stack; raises UserError when none runs."""
        home = (settings or StackSettings.from_environment()).home
        ports = recorded_ports(home)
        if ports is None or not Supervisor(home).is_alive():
            raise UserError("the stack is not running", "start it with ./taxi up")
        return cls.of_ports(ports, home, recorded_extras(home), recorded_secrets(home))

    @property
    def kafka(self) -> KafkaAccess:
        """Kafka with the owner's unrestricted rights."""
        return KafkaAccess(self.kafka_bootstrap_servers, self.kafka_security(OWNER))

    @property
    def reader_dsn(self) -> str:
        """The database with read-only access."""
        return self.dsn_of(READER)

    def kafka_security(self, user: str) -> KafkaSecurity:
        """Return a user's Kafka authentication."""
        return self.secrets.kafka(user) if self.secrets else KafkaSecurity()

    def dsn_of(self, role: str) -> str:
        """Return the database address for a role; without locks all roles share one."""
        if self.secrets is None:
            return self.postgres_dsn
        return self.secrets.dsn(role, urlsplit(self.postgres_dsn).port or 5432)

    def as_environment(self) -> dict[str, str]:
        """Return the addresses under the variable names that every program of the platform reads.

        Without the optional services: a planned job graph belongs to these addresses, and needs no others.
        """
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap_servers,
            "SCHEMA_REGISTRY_URL": self.schema_registry_url,
            "FLINK_REST_URL": self.flink_rest_url,
            "POSTGRES_DSN": self.postgres_dsn,
            **self.kafka_security(OWNER).as_environment(),
        }

    def producer_environment(self) -> dict[str, str]:
        """Return the producer's variables: it needs no database."""
        own = {**self.as_environment(), **self.kafka_security(PRODUCER).as_environment()}
        if self.secrets:
            del own["POSTGRES_DSN"]
        return own

    def job_environment(self) -> dict[str, str]:
        """Return the job's variables."""
        return {
            **self.as_environment(),
            "POSTGRES_DSN": self.dsn_of(JOB),
            **self.kafka_security(JOB).as_environment(),
        }


def _dsn(role: str, port: int, secrets: Secrets | None) -> str:
    return secrets.dsn(role, port) if secrets else f"postgresql://{role}@{LOOPBACK}:{port}/taxi"
