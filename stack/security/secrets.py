"""The secrets of one stack: a folder of the owner's, created with the stack and removed with it."""

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
    """The paths of a home's secrets. Programs receive paths; only clients read the content."""

    home: Path

    @property
    def folder(self) -> Path:
        """The folder of all secrets."""
        return self.home / "secrets"

    @property
    def authority_certificate(self) -> Path:
        """The certificate that clients trust."""
        return self.folder / "ca.pem"

    def server_pem(self, name: str) -> Path:
        """Return the file with a server's key and certificate."""
        return self.folder / f"{name}-server.pem"

    def kafka_password_file(self, user: str) -> Path:
        """Return the file with a Kafka user's password."""
        return self.folder / f"kafka-{user}"

    def kafka_password(self, user: str) -> str:
        """Return a Kafka user's password."""
        return self.kafka_password_file(user).read_text("utf-8")

    def postgres_password(self, role: str) -> str:
        """Return a role's password."""
        return self.postgres_password_file(role).read_text("utf-8")

    def passfile(self, role: str) -> Path:
        """Return the role's password file in the format that libpq and the JDBC driver read on their own."""
        return self.folder / f"{role}.pgpass"

    def kafka(self, user: str) -> KafkaSecurity:
        """Return a user's Kafka authentication."""
        return KafkaSecurity(
            SCRAM, user, str(self.kafka_password_file(user)), str(self.authority_certificate)
        )

    def dsn(self, role: str, port: int) -> str:
        """Return the DSN of a role: it names the password file, and rejects every server but this stack's."""
        certificate, passfile = quote(str(self.authority_certificate)), quote(str(self.passfile(role)))
        options = f"sslmode=verify-full&sslrootcert={certificate}&passfile={passfile}"
        return f"postgresql://{role}@{LOOPBACK}:{port}/taxi?{options}"

    def postgres_password_file(self, role: str) -> Path:
        """Return the file with a role's password."""
        return self.folder / f"postgres-{role}"
