"""The Flink distribution in the PyFlink wheel."""

from functools import cache
from importlib.metadata import version as package_version
from importlib.util import find_spec
from pathlib import Path

from schemas.errors import UserError


@cache
def distribution() -> Path:
    """Return its folder."""
    spec = find_spec("pyflink")  # does not import it, which takes a second
    if spec is None or spec.origin is None:
        raise UserError("apache-flink is not installed", "run this command through ./taxi")
    return Path(spec.origin).parent


@cache
def version() -> str:
    """Return the version of that Flink."""
    return package_version("apache-flink")


@cache
def java_options() -> str:
    """Return the `--add-opens` list of exactly this Flink, from its own configuration."""
    lines = (distribution() / "conf" / "config.yaml").read_text().splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.strip().startswith("all:"))


def prometheus_plugin() -> Path:
    """Return its Prometheus reporter."""
    return next((distribution() / "plugins" / "metrics-prometheus").glob("*.jar"))
