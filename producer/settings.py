"""Read the user's settings from the environment; nothing else in `producer` reads it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from platformdirs import user_cache_path
from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import UserError
from schemas.kafka_security import KafkaSecurity
from schemas.topics import DEFAULT_PARTITIONS, TRIPS_TOPIC

ROOT = Path(__file__).resolve().parents[1]


def _default_cache_dir() -> Path:
    return user_cache_path("nyc-taxi-platform", appauthor=False)


def program_name(environment: Mapping[str, str] = os.environ) -> str:
    """Return the program's name for help and errors: `./taxi` if that started it."""
    return environment.get("TAXI_PROGRAM_NAME") or "python -m producer"


def wants_debug(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether unexpected errors are shown with their traceback."""
    return environment.get("TAXI_DEBUG", "") not in {"", "0"}


def zones_dir(cache_dir: Path) -> Path:
    """Return the folder for zone names and shapes, which `./taxi fetch --zones` fills."""
    return cache_dir / "zones"


def _whole_path(path: Path) -> Path:
    """Expand `~` as the other programs do, so that one setting is one folder for all of them."""
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(str(error)) from None


UserPath = Annotated[Path, AfterValidator(_whole_path)]


class ProducerSettings(BaseSettings):
    """The producer's settings. Each field is read from the variable of its name in capitals."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    kafka_security: str = "plaintext"
    kafka_user: str = ""
    kafka_password_file: str = ""
    kafka_ca_file: str = ""
    aws_region: str = ""
    schema_registry_url: str = "http://127.0.0.1:8085/apis/ccompat/v7"
    trips_topic: str = TRIPS_TOPIC
    trips_partitions: PositiveInt = DEFAULT_PARTITIONS
    taxi_home: UserPath = ROOT / ".taxi"
    taxi_cache_dir: UserPath = Field(default_factory=_default_cache_dir)
    tlc_data_dir: UserPath | None = None
    taxi_zones_file: UserPath | None = None
    tlc_base_url: str = "https://d37ci6vzurychx.cloudfront.net/trip-data"
    tlc_zones_url: str = "https://d37ci6vzurychx.cloudfront.net/misc"
    s3_endpoint_url: str | None = None
    kafka_outage_seconds: PositiveFloat = 120.0
    in_flight_megabytes: PositiveInt = 128
    prepare_memory_limit: str = "1GB"

    @property
    def kafka_access(self) -> KafkaSecurity:
        """Return the producer's Kafka authentication.

        Raises UserError for settings that cannot authenticate.
        """
        try:
            return KafkaSecurity(
                mode=self.kafka_security,
                user=self.kafka_user,
                password_file=self.kafka_password_file,
                ca_file=self.kafka_ca_file,
                region=self.aws_region,
            )
        except ValueError as error:
            raise UserError(str(error), "see docs/security.md") from None

    @classmethod
    def from_environment(cls) -> "ProducerSettings":
        """Read every setting; raises UserError for an invalid one."""
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            variable = str(first["loc"][0]).upper()
            raise UserError(f"invalid setting {variable}={first['input']!r}: {first['msg']}") from None
