"""The user's settings, by environment variables; nothing else in `stack` reads the environment."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UserError
from schemas.kafka_security import KafkaSecurity
from schemas.time_zone import UTC_VARIABLES

ROOT = Path(__file__).resolve().parents[1]

DEFAULT_PORTS = {"kafka": 9092, "registry": 8085, "flink": 8081, "postgres": 5433}
EXTRA_PORTS = {"map": 8088, "airflow": 8080, "s3": 9000}
"""Ports of the optional services: `./taxi up --with NAME`, `--without NAME`."""
MOVABLE = ("map",)
"""Default services: two stacks need two ports, so a taken port is replaced unless the user set it."""
AUTO = 0

KAFKA, REGISTRY, FLINK, POSTGRES = ADDRESSES = (
    "KAFKA_BOOTSTRAP_SERVERS",
    "SCHEMA_REGISTRY_URL",
    "FLINK_REST_URL",
    "POSTGRES_DSN",
)
"""The variables of the four addresses that the verbs need."""
KAFKA_SECURITY_VARIABLES = (
    *("KAFKA_SECURITY", "KAFKA_USER", "KAFKA_PASSWORD_FILE", "KAFKA_CA_FILE"),
    *("AWS_REGION", "AWS_DEFAULT_REGION"),
)

FORWARDED_PREFIXES = (
    "TLC_",
    "S3_",
    "AWS_",
    "RAW_",
    "PROCESSED_",
    "OPENLINEAGE_",
    "AIRFLOW_CONN_",
    "MAVEN_",
    "PIP_",
    "UV_",
    "FLINK_BACKEND",
    "MANAGED_FLINK_",
    "MARTS_",
    "SPARK_BACKEND",
    "SPARK_USD_",
    "EMR_",
    "ROWS_PER_FILE",
    "TAXI_ZONES_FILE",
    "TAXI_ALERTS_",
)
"""Prefixes of the variables that Airflow's tasks need with the user's values."""


def port_variable(service: str) -> str:
    """Return the variable that moves this service to another port."""
    return f"TAXI_{service.upper()}_PORT"


@dataclass(frozen=True)
class StackSettings:
    """The user's configuration of `./taxi`."""

    home: Path
    cache: Path
    build: Path
    ports: Mapping[str, int]
    extra_ports: Mapping[str, int]
    movable_ports: frozenset[str]
    """The services that may take another port than the configured one."""
    forwarded_variables: Mapping[str, str]
    maven_mirror_url: str | None
    osv_url: str | None
    """A mirror of the advisories."""
    osv_snapshot: Path | None
    """A zip or folder of advisories for Maven, to use without a network."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "StackSettings":
        """Read every setting; raises UserError for an invalid one."""
        return cls(
            home=home_folder(environment),
            cache=folder_setting(environment.get("TAXI_CACHE_DIR"), default=None),
            build=ROOT / ".taxi" / "build",
            ports={service: _requested_port(service, environment) for service in DEFAULT_PORTS},
            extra_ports={service: _requested_port(service, environment) for service in EXTRA_PORTS},
            movable_ports=frozenset(
                service for service in MOVABLE if not environment.get(port_variable(service), "").strip()
            ),
            forwarded_variables={
                name: text for name, text in environment.items() if name.startswith(FORWARDED_PREFIXES)
            },
            maven_mirror_url=environment.get("MAVEN_MIRROR_URL") or None,
            osv_url=environment.get("OSV_URL") or None,
            osv_snapshot=Path(snapshot) if (snapshot := environment.get("OSV_SNAPSHOT")) else None,
        )


@dataclass(frozen=True)
class EndpointSettings:
    """The endpoints that the environment gives, instead of a local stack; an empty address is not given."""

    home: Path
    addresses: Mapping[str, str]
    """The given addresses by their variable."""
    kafka_security: KafkaSecurity
    postgres_password_file: str
    postgres_secret_arn: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "EndpointSettings":
        """Read every setting; raises UserError for an authentication to Kafka that cannot work."""
        given = {name: environment.get(name, "").strip() for name in ADDRESSES}
        security = {name: environment.get(name, "") for name in KAFKA_SECURITY_VARIABLES}
        try:
            kafka_security = KafkaSecurity.from_mapping(security if given[KAFKA] else {})
        except ValueError as error:
            raise UserError(str(error), "see docs/security.md") from None
        return cls(
            home=home_folder(environment),
            addresses={name: address for name, address in given.items() if address},
            kafka_security=kafka_security,
            postgres_password_file=environment.get("POSTGRES_PASSWORD_FILE", ""),
            postgres_secret_arn=environment.get("POSTGRES_SECRET_ARN", ""),
        )


def home_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder with the state of the stack."""
    return folder_setting(environment.get("TAXI_HOME"), default=ROOT / ".taxi")


def wants_debug(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether tracebacks are requested; read separately because a setting can be the error."""
    return environment.get("TAXI_DEBUG", "") not in {"", "0"}


def user_jvm_options(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the JVM options of the user; raises UserError when the text cannot be split into words."""
    text = environment.get("TAXI_JVM_OPTIONS", "")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UserError(f"TAXI_JVM_OPTIONS={text}: {error}", "close the quotation mark") from None


def inherited_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that our processes inherit: a user's CLASSPATH would change them silently."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME", "SSL_CERT_FILE")
    return {**{name: environment[name] for name in kept if name in environment}, **UTC_VARIABLES}


def user_environment() -> dict[str, str]:
    """Return the user's environment with UTC as the time zone, for tools that run on the user's behalf."""
    return {**os.environ, **UTC_VARIABLES}


def folder_setting(value: str | None, default: Path | None) -> Path:
    """Return the absolute folder of a variable, or the default; without either the user's cache folder."""
    if value:
        try:
            return Path(value).expanduser().absolute()
        except RuntimeError:
            raise UserError(
                f"{value}: no user of this name has a home folder", "write the whole path"
            ) from None
    if default is not None:
        return default
    # The launcher uses the same rule and sets the variable; other callers may not set it.
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nyc-taxi-platform"


def _requested_port(service: str, environment: Mapping[str, str]) -> int:
    variable = port_variable(service)
    value = environment.get(variable, "").strip() or str({**DEFAULT_PORTS, **EXTRA_PORTS}[service])
    if value == "auto":
        return AUTO
    if not value.isdecimal() or int(value) > 65535:
        raise UserError(f"{variable}={value} is not a port", "set it to a number up to 65535, or to auto")
    return int(value)
