"""The user's settings, by environment variables; nothing else in `live_map` reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_PORT = 8088


@dataclass(frozen=True)
class MapSettings:
    """The address of the map, and its data sources."""

    postgres_dsn: str
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    platform_metrics_url: str = ""
    """The exporter of the stack; without it the health of the job is unknown."""
    taxi_zones_file: Path | None = None
    tlc_data_dir: Path | None = None
    cache: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "MapSettings":
        """Read every setting; raises UserError for an invalid one."""
        if not environment.get("POSTGRES_DSN"):
            raise UserError("POSTGRES_DSN is not set", "start the map with ./taxi up")
        return cls(
            postgres_dsn=environment["POSTGRES_DSN"],
            host=environment.get("MAP_HOST") or cls.host,
            port=_port(environment.get("MAP_PORT") or str(DEFAULT_PORT)),
            platform_metrics_url=environment.get("PLATFORM_METRICS_URL", ""),
            taxi_zones_file=_path(environment, "TAXI_ZONES_FILE"),
            tlc_data_dir=_path(environment, "TLC_DATA_DIR"),
            cache=_path(environment, "TAXI_CACHE_DIR"),
        )


def _port(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= 5
    if not (is_number and 0 < int(text) < 65536):
        raise UserError(f"invalid setting MAP_PORT={text}", "give a number from 1 to 65535")
    return int(text)


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name)
    if not value:
        return None
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError:  # the home of an unknown account
        return Path(value).absolute()
