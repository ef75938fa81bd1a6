"""What every part has."""

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
    """One stack: where it lives and on which ports."""

    settings: StackSettings
    ports: Ports
    extra_ports: Mapping[str, int] = field(default_factory=dict)
    """The optional services of this stack, and the port of each."""
    secrets: Secrets | None = None
    """Those of a stack with locks."""

    @property
    def home(self) -> Path:
        """The state folder."""
        return self.settings.home

    @property
    def logs(self) -> Path:
        """Where every part writes its log."""
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
    """Says in a few words what works; raises when it does not."""
    starts_after: str | None = None
    asked_through: str | None = None
    """The service that says how this one is: until it answers, its work is progress of this one too."""
    begin: Callable[[], None] | None = None
    """What is to be done once before the part starts, when those that it starts after are healthy."""
    finish: Callable[[], None] | None = None
    """What is to be done once when the part answers."""
    stalled_seconds: float = 90
    """So long it may take without a new line in its log, a change of its state or work of its processes."""
