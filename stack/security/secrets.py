"""The secrets of one stack: a folder of the owner's, made with the stack and removed with it."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from schemas.kafka_security import SCRAM, KafkaSecurity
from stack.ports import LOOPBACK

OWNER, PRODUCER, JOB, REGISTRY, READER = ("taxi", "producer", "zone_fares", "registry", "taxi_reader")
AIRFLOW = "airflow"
KAFKA_USERS = (OWNER, PRODUCER, JOB, REGISTRY)
POSTGRES_ROLES = (OWNER, JOB, READER, AIRFLOW)
KAFKA_NAME, POSTGRES_NAME = "kafka", "postgres"


@dataclass(frozen=True)
class Secrets:
    """Where the secrets of a home lie. Programs are given paths; only clients read what is in them."""

    home: Path

    @property
    def folder(self) -> Path:
        """The folder of all of them."""
        return self.home / "secrets"

    @property
    def authority_certificate(self) -> Path:
        """What clients trust."""
        return self.folder / "ca.pem"

    def server_pem(self, name: str) -> Path:
        """A server's key and certificate."""
        return self.folder / f"{name}-server.pem"

    def kafka_password_file(self, user: str) -> Path:
        """The file with a Kafka user's password."""
        return self.folder / f"kafka-{user}"

    def kafka_password(self, user: str) -> str:
        """A Kafka user's password."""
        return self.kafka_password_file(user).read_text("utf-8")

    def postgres_password(self, role: str) -> str:
        """A role's password."""
        return self.postgres_password_file(role).read_text("utf-8")

    def passfile(self, role: str) -> Path:
        """The same as libpq and the JDBC driver read it by themselves."""
        return self.folder / f"{role}.pgpass"

    def kafka(self, user: str) -> KafkaSecurity:
        """How this user is let in by Kafka."""
        return KafkaSecurity(
            SCRAM, user, str(self.kafka_password_file(user)), str(self.authority_certificate)
        )

    def dsn(self, role: str, port: int) -> str:
        """The database for a role; it names the file of the password, and refuses every other server."""
        certificate, passfile = quote(str(self.authority_certificate)), quote(str(self.passfile(role)))
        options = f"sslmode=verify-full&sslrootcert={certificate}&passfile={passfile}"
        return f"postgresql://{role}@{LOOPBACK}:{port}/taxi?{options}"

    def postgres_password_file(self, role: str) -> Path:
        """The file with a role's password."""
        return self.folder / f"postgres-{role}"
