"""The live map: the served fares in a browser, read with the read-only role."""

from collections.abc import Sequence

from stack.ports import LOOPBACK
from stack.probes import get_json
from stack.services.service import Service, Site
from stack.settings import ROOT
from stack.supervision.program import Program
from stack.toolchain.environments import ensure_environment

NAME = "map"
FORWARDED = ("TAXI_ZONES_FILE", "TLC_DATA_DIR")
"""Variables with the user's location of the zone shapes."""


def services(site: Site) -> Sequence[Service]:
    """Return the one server of this site."""
    return [Service(name=NAME, prepare=lambda: _prepare(site), check=lambda: _answer(site.extra_ports[NAME]))]


def _prepare(site: Site) -> Program:
    # A separate environment: the packages of the web server stay out of the one of `./taxi`.
    python = ensure_environment(NAME) / "bin" / "python"
    folder = site.home / NAME
    folder.mkdir(parents=True, exist_ok=True)
    return Program([str(python), "-m", "live_map"], directory=folder, environment=_environment(site))


def _environment(site: Site) -> dict[str, str]:
    forwarded = site.settings.forwarded_variables
    return {
        **{name: forwarded[name] for name in FORWARDED if forwarded.get(name)},
        "PYTHONPATH": str(ROOT),
        "TAXI_CACHE_DIR": str(site.settings.cache),
        "POSTGRES_DSN": site.endpoints.reader_dsn,
        "PLATFORM_METRICS_URL": f"http://{site.endpoints.metrics.platform}/metrics",
        "MAP_PORT": str(site.extra_ports[NAME]),
    }


def _answer(port: int) -> str:
    clients = get_json(f"http://{LOOPBACK}:{port}/health")["clients"]
    return f"serves http://{LOOPBACK}:{port}, {clients} page{'' if clients == 1 else 's'} open"
