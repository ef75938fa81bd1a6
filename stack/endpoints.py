"""The addresses of the platform: those that the environment gives, else those of the running local stack."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from schemas.errors import UserError
from schemas.kafka_security import OPEN, KafkaAccess, KafkaSecurity
from stack.ports import LOOPBACK
from stack.security.database_password import with_password
from stack.security.profiles import recorded_secrets
from stack.security.secrets import JOB, OWNER, PRODUCER, READER, Secrets
from stack.settings import ADDRESSES, FLINK, KAFKA, POSTGRES, REGISTRY, EndpointSettings, StackSettings
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
            if target
        }


@dataclass(frozen=True)
class Endpoints:
    """The addresses for producers, jobs and users; an empty one is not given."""

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
    given_security: KafkaSecurity = OPEN
    """The authentication to a Kafka that the environment gives; the same for every user."""
    is_local: bool = True
    """Whether supervisord runs these services on this machine; otherwise the environment gives them."""

    @classmethod
    def of_platform(cls, *needed: str, given: EndpointSettings | None = None) -> "Endpoints":
        """Return the endpoints that the environment gives, else those of the running local stack.

        Addresses of the stack of this home are that stack. Of the environment's addresses only the `needed`
        ones are returned, which are variables of `stack.settings.ADDRESSES`. Raises UserError where it gives
        some addresses, but not all of the needed ones.
        """
        given = given or EndpointSettings.from_environment()
        if names_local_stack(given):
            return cls._running_in(given.home)
        missing = [name for name in needed if name not in given.addresses]
        if missing:
            one = next(iter(given.addresses))
            raise UserError(
                f"{one} is set, so the endpoints are those of the environment, but {_listed(missing)}"
                f" {'is' if len(missing) == 1 else 'are'} not set",
                f"set {'it' if len(missing) == 1 else 'them'} too, or unset {_listed([*given.addresses])}"
                " to use the local stack",
            )
        return cls._given(given, needed)

    @classmethod
    def _given(cls, given: EndpointSettings, names: Collection[str]) -> "Endpoints":
        addresses = {name: given.addresses[name] if name in names else "" for name in ADDRESSES}
        return cls(
            kafka_bootstrap_servers=addresses[KAFKA],
            schema_registry_url=addresses[REGISTRY].rstrip("/"),
            flink_rest_url=addresses[FLINK].rstrip("/"),
            postgres_dsn=with_password(
                addresses[POSTGRES], file=given.postgres_password_file, secret=given.postgres_secret_arn
            ),
            metrics=Metrics("", "", ""),
            home=given.home,
            given_security=given.kafka_security,
            is_local=False,
        )

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
        return cls._running_in((settings or StackSettings.from_environment()).home)

    @classmethod
    def _running_in(cls, home: Path) -> "Endpoints":
        recorded = cls.of_record(home)
        if recorded is None or not Supervisor(home).is_alive():
            raise UserError("the stack is not running", "start it with ./taxi up")
        return recorded

    @classmethod
    def of_record(cls, home: Path) -> "Endpoints | None":
        """Return the addresses of the last stack in this home, whether it runs or not."""
        ports = recorded_ports(home)
        if ports is None:
            return None
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
        return self.secrets.kafka(user) if self.secrets else self.given_security

    def dsn_of(self, role: str) -> str:
        """Return the database address for a role; without locks all roles share one."""
        if self.secrets is None:
            return self.postgres_dsn
        return self.secrets.dsn(role, urlsplit(self.postgres_dsn).port or 5432)

    def as_environment(self) -> dict[str, str]:
        """Return the addresses under the variable names that every program of the platform reads.

        Without the optional services: a planned job graph belongs to these addresses, and needs no others.
        """
        addresses = {
            KAFKA: self.kafka_bootstrap_servers,
            REGISTRY: self.schema_registry_url,
            FLINK: self.flink_rest_url,
            POSTGRES: self.postgres_dsn,
        }
        given = {name: address for name, address in addresses.items() if address}
        return {**given, **self.kafka_security(OWNER).as_environment()}

    def producer_environment(self) -> dict[str, str]:
        """Return the producer's variables: it needs no database."""
        own = {**self.as_environment(), **self.kafka_security(PRODUCER).as_environment()}
        if self.secrets:
            del own[POSTGRES]
        return own

    def job_environment(self) -> dict[str, str]:
        """Return the job's variables."""
        return {
            **self.as_environment(),
            POSTGRES: self.dsn_of(JOB),
            **self.kafka_security(JOB).as_environment(),
        }


def names_local_stack(given: EndpointSettings) -> bool:
    """Return whether the given addresses are those of this home's stack; true where none is given.

    So a shell that has evaluated `./taxi env` still means the local stack, also after `./taxi down`.
    """
    recorded = Endpoints.of_record(given.home)
    return given.addresses.items() <= (recorded.as_environment() if recorded else {}).items()


def require_local_stack(command: str, given: EndpointSettings | None = None) -> None:
    """Raise UserError for a command on the local stack while the environment gives other endpoints."""
    given = given or EndpointSettings.from_environment()
    if not names_local_stack(given):
        names = _listed([*given.addresses])
        verb = "gives" if len(given.addresses) == 1 else "give"
        raise UserError(
            f"{command} is for the local stack, but {names} {verb} other endpoints",
            f"unset {names} to use the local stack of {given.home}",
        )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _dsn(role: str, port: int, secrets: Secrets | None) -> str:
    return secrets.dsn(role, port) if secrets else f"postgresql://{role}@{LOOPBACK}:{port}/taxi"
