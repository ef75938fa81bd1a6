"""The settings of the job, read from the environment once."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic_settings import BaseSettings, SettingsConfigDict


class ZoneFaresSettings(BaseSettings):
    """Where the job reads, writes and runs."""

    model_config = SettingsConfigDict(frozen=True)

    kafka_bootstrap_servers: str
    schema_registry_url: str
    postgres_dsn: str
    flink_rest_url: str = ""
    """The cluster to submit to; empty where this program runs on its cluster, which then has its say."""
    job_name: str = "zone_fares"
    trips_topic: str = "trips"
    dead_letters_topic: str = "trips-dead-letters"
    consumer_group: str = "zone_fares"
    table_set: str = "taxi_1"
    """The schema of the Postgres tables to write."""
    bounded: bool = False
    """Read to where the topic ends now, then finish: for a reprocessing beside the job that serves."""
    flink_parallelism: int = 2
    flink_connector_jars: str = ""
    """Paths of the connector jars, joined by colons."""
    flink_restore_from: str = ""
    """Savepoint or retained checkpoint to start from; empty starts at the beginning of the topic."""

    @property
    def jar_urls(self) -> str:
        """The connector jars as Flink's `pipeline.jars` wants them."""
        return ";".join(Path(path).as_uri() for path in self.flink_connector_jars.split(":") if path)

    @property
    def jdbc_options(self) -> dict[str, str]:
        """Connection options of Flink's JDBC connector.

        Flink has no type for uuid and text[]: `stringtype=unspecified` lets Postgres read them from text.
        """
        dsn = urlsplit(self.postgres_dsn)
        options = f"reWriteBatchedInserts=true&stringtype=unspecified&ApplicationName={self.job_name}"
        return {
            "connector": "jdbc",
            "url": f"jdbc:postgresql://{dsn.hostname}:{dsn.port or 5432}{dsn.path}?{options}",
            "username": unquote(dsn.username or ""),
            "password": unquote(dsn.password or ""),
            "sink.buffer-flush.max-rows": "5000",
            "sink.buffer-flush.interval": "1s",
        }
