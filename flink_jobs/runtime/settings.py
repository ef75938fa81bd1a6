"""Read the settings that every job has, from the environment, once."""

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from pydantic_settings import BaseSettings, SettingsConfigDict

from flink_jobs.runtime.secret import password_in_secret
from schemas.kafka_security import KafkaSecurity
from schemas.topics import TRIPS_TOPIC

SHADED = "org.apache.flink.kafka.shaded."
"""The package prefix of Kafka's classes in the shaded SQL connector."""


class JobSettings(BaseSettings):
    """The settings of a job: its input, output and cluster; a job's own settings extend it."""

    model_config = SettingsConfigDict(frozen=True)

    kafka_bootstrap_servers: str
    schema_registry_url: str
    postgres_dsn: str
    postgres_secret_arn: str = ""
    """A secret of AWS Secrets Manager that holds the password, so that no setting does."""
    kafka_security: str = "plaintext"
    kafka_user: str = ""
    kafka_password_file: str = ""
    kafka_ca_file: str = ""
    aws_region: str = ""
    flink_rest_url: str = ""
    """The cluster to submit to; empty where this program runs on its cluster, which then decides."""
    job_name: str
    consumer_group: str
    trips_topic: str = TRIPS_TOPIC
    table_set: str = "taxi_1"
    """The schema of the Postgres tables to write."""
    bounded: bool = False
    """Read to the topic's current end, then finish: for a reprocessing run while the live job serves."""
    flink_parallelism: int = 2
    flink_connector_jars: str = ""
    """Paths of the connector jars, joined by colons."""
    flink_restore_from: str = ""
    """Savepoint or retained checkpoint to start from; empty starts at the beginning of the topic."""

    @property
    def jar_urls(self) -> str:
        """Return the connector jars in the format of Flink's `pipeline.jars`."""
        return ";".join(Path(path).as_uri() for path in self.flink_connector_jars.split(":") if path)

    @property
    def kafka_options(self) -> dict[str, str]:
        """Return the options of Flink's Kafka connector: the brokers and the authentication."""
        security = KafkaSecurity(
            mode=self.kafka_security,
            user=self.kafka_user,
            password_file=self.kafka_password_file,
            ca_file=self.kafka_ca_file,
            region=self.aws_region,
        )
        properties = {"bootstrap.servers": self.kafka_bootstrap_servers, **security.java(SHADED)}
        return {f"properties.{name}": value for name, value in properties.items()}

    @property
    def postgres_options(self) -> dict[str, str]:
        """Return the options of the connector `postgres-upsert`: the database and the authentication."""
        dsn = urlsplit(self.postgres_dsn)
        given: dict[str, str] = dict(parse_qsl(dsn.query))
        options: dict[str, str] = {
            "ApplicationName": self.job_name,
            **{name: given[name] for name in ("sslmode", "sslrootcert") if name in given},
        }
        user, password = unquote(dsn.username or ""), unquote(dsn.password or "")
        if self.postgres_secret_arn:
            password = password_in_secret(self.postgres_secret_arn)
        # The driver reads the password from a file on its own (PGPASSFILE), so that no job graph holds it.
        by_file = "passfile" in given and not password
        if by_file:
            options["user"] = user
        login = {} if by_file else {"username": user, "password": password}
        return {
            "connector": "postgres-upsert",
            "url": f"jdbc:postgresql://{dsn.hostname}:{dsn.port or 5432}{dsn.path}?{urlencode(options)}",
            **login,
            "sink.buffer-flush.interval": "1s",
        }
