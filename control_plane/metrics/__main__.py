"""Serves the platform's metrics until it is stopped: python -m control_plane.metrics."""

import threading

from prometheus_client import CollectorRegistry, start_http_server

from control_plane.metrics.exposition import PlatformCollector
from control_plane.metrics.reader import Reader
from control_plane.metrics.readings import PlatformMetrics
from schemas.errors import UserError
from stack.endpoints import Endpoints
from stack.ports import LOOPBACK
from stack.security.profiles import recorded_secrets
from stack.settings import StackSettings
from stack.state import recorded_ports

QUICK_PAUSE_SECONDS = 5
LEDGER_PAUSE_SECONDS = 15


def main() -> None:
    """Read values in threads, and answer scrapes from the last readings."""
    home = StackSettings.from_environment().home
    ports = recorded_ports(home)
    if ports is None:
        raise UserError("no stack is recorded here", "run ./taxi up, which starts this service")
    platform = PlatformMetrics(Endpoints.of_ports(ports, home, secrets=recorded_secrets(home)))
    collector = PlatformCollector(
        jobs=Reader("job", platform.jobs, pause_seconds=QUICK_PAUSE_SECONDS),
        served=Reader("served", platform.served, pause_seconds=QUICK_PAUSE_SECONDS),
        # Summing the ledger of years takes Postgres a while.
        ledger=Reader("ledger", platform.ledger, pause_seconds=LEDGER_PAUSE_SECONDS, largest_share=0.1),
        disk=Reader("disk", platform.disk, pause_seconds=QUICK_PAUSE_SECONDS),
    )
    for reader in (collector.jobs, collector.served, collector.ledger, collector.disk):
        reader.start()
    registry = CollectorRegistry()
    registry.register(collector)
    start_http_server(ports.platform_metrics, LOOPBACK, registry)
    threading.Event().wait()


if __name__ == "__main__":
    main()
