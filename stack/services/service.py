"""The common interface of the services."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.endpoints import Endpoints
from stack.security.secrets import Secrets
from stack.settings import StackSettings
from stack.state import Ports
from stack.supervision.program import Program


@dataclass(frozen=True)
class Site:
    """One stack: its home and its ports."""

    settings: StackSettings
    ports: Ports
    extra_ports: Mapping[str, int] = field(default_factory=dict)
    """The optional services of this stack, and the port of each."""
    secrets: Secrets | None = None
    """The secrets of a secure stack."""

    @property
    def home(self) -> Path:
        """The state folder."""
        return self.settings.home

    @property
    def logs(self) -> Path:
        """The folder of every service's log."""
        return self.home / "logs"

    @property
    def endpoints(self) -> Endpoints:
        """The addresses of its services."""
        return Endpoints.of_ports(self.ports, self.home, self.extra_ports, self.secrets)


@dataclass(frozen=True)
class Service:
    """One process of the platform."""

    name: str
    prepare: Callable[[], Program]
    check: Callable[[], str]
    """Health check: returns a short text; raises when the service is unhealthy."""
    starts_after: str | None = None
    asked_through: str | None = None
    """The service that reports this one's health: until it answers, its progress counts for this one too."""
    begin: Callable[[], None] | None = None
    """Called once before the service starts, after its dependency is healthy."""
    finish: Callable[[], None] | None = None
    """Called once when the service is healthy."""
    stalled_seconds: float = 90
    """Timeout without a new line in its log, a change of its state or CPU time of its processes."""
