"""What a person can set, by environment variables; nothing else in `stack` reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.errors import UserError

ROOT = Path(__file__).resolve().parents[1]

DEFAULT_PORTS = {"kafka": 9092, "registry": 8085, "flink": 8081, "postgres": 5433}
AUTO = 0


def port_variable(service: str) -> str:
    """The variable that moves this service to another port."""
    return f"TAXI_{service.upper()}_PORT"


@dataclass(frozen=True)
class Settings:
    """The wishes of the person who calls `./taxi`."""

    home: Path
    cache: Path
    build: Path
    ports: Mapping[str, int]
    maven_mirror_url: str | None
    kafka_bootstrap_servers: str | None
    postgres_dsn: str | None
    processed_data: str | None
    marts_duckdb: Path
    debug: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read every setting; raises UserError for one that makes no sense."""
        home = _folder(environment.get("TAXI_HOME"), default=ROOT / ".taxi")
        return cls(
            home=home,
            cache=_folder(environment.get("TAXI_CACHE_DIR"), default=None),
            build=ROOT / ".taxi" / "build",
            ports={service: _wished_port(service, environment) for service in DEFAULT_PORTS},
            maven_mirror_url=environment.get("MAVEN_MIRROR_URL") or None,
            kafka_bootstrap_servers=environment.get("KAFKA_BOOTSTRAP_SERVERS") or None,
            postgres_dsn=environment.get("POSTGRES_DSN") or None,
            processed_data=environment.get("PROCESSED_DATA") or None,
            marts_duckdb=_folder(environment.get("MARTS_DUCKDB"), default=home / "marts" / "taxi.duckdb"),
            debug=environment.get("TAXI_DEBUG", "") not in {"", "0"},
        )


def inherited_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What our parts may inherit: a CLASSPATH of the person's own would change them silently."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME", "SSL_CERT_FILE")
    return {name: environment[name] for name in kept if name in environment}


def person_environment() -> dict[str, str]:
    """The whole environment of the caller, for tools that run on the person's behalf."""
    return dict(os.environ)


def _folder(value: str | None, default: Path | None) -> Path:
    if value:
        return Path(value).expanduser().absolute()
    if default is not None:
        return default
    from platformdirs import user_cache_path  # noqa: PLC0415 - the launcher sets the variable: rarely needed

    return user_cache_path("nyc-taxi-platform", appauthor=False)


def _wished_port(service: str, environment: Mapping[str, str]) -> int:
    variable = port_variable(service)
    value = environment.get(variable, "").strip() or str(DEFAULT_PORTS[service])
    if value == "auto":
        return AUTO
    if not value.isdecimal() or int(value) > 65535:
        raise UserError(f"{variable}={value} is no port", "give a number up to 65535, or auto")
    return int(value)
