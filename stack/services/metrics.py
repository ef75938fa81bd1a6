"""The exporter of the platform's exact metrics, and a Prometheus configuration for the stack."""

import sys
from dataclasses import asdict
from string import Template

from stack.probes import require_listener
from stack.services.postgres_installation import NAME as POSTGRES
from stack.services.service import Service, Site
from stack.settings import ROOT
from stack.supervision.program import Program

NAME = "metrics"
MONITORING = ROOT / "stack" / "monitoring"


def metrics(site: Site) -> Service:
    """Return the exporter of this site."""
    return Service(
        name=NAME,
        prepare=lambda: _prepare(site),
        check=lambda: _served_at(site),
        starts_after=POSTGRES,  # its tables too: without them there is nothing to read
    )


def prometheus_configuration(site: Site) -> str:
    """Return the text of a prometheus.yml for this stack."""
    template = Template((MONITORING / "prometheus.yml").read_text("utf-8"))
    return template.substitute(asdict(site.endpoints.metrics), rules=MONITORING / "alerts.yml")


def _prepare(site: Site) -> Program:
    folder = site.home / "monitoring"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(prometheus_configuration(site), "utf-8")
    environment = {"PYTHONPATH": str(ROOT), "TAXI_CACHE_DIR": str(site.settings.cache)}
    return Program([sys.executable, "-m", "control_plane.metrics"], directory=folder, environment=environment)


def _served_at(site: Site) -> str:
    require_listener(site.endpoints.metrics.platform)
    return f"serves http://{site.endpoints.metrics.platform}/metrics"
