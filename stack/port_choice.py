"""Choose the ports of a new stack, and find the process that holds a requested port."""

from collections.abc import Mapping

import psutil

from schemas.errors import UserError
from stack.ports import any_free_port, is_free
from stack.settings import AUTO, port_variable
from stack.state import Ports


def choose_ports(requested: Mapping[str, int], previous: Ports | None) -> Ports:
    """Assign every service a port; raises UserError naming all requested ports that are taken."""
    taken = [(service, port) for service, port in requested.items() if port != AUTO and not is_free(port)]
    if taken:
        raise UserError(*_taken_message(taken))
    chosen = {service: port or _free_port(service, previous) for service, port in requested.items()}
    internal_ports = {
        name: _free_port(name, previous) for name in Ports.__annotations__ if name not in requested
    }
    return Ports(**chosen, **internal_ports)


def choose_extra_port(service: str, requested: int, previous: int | None, *, movable: bool = False) -> int:
    """Return an optional service's port; UserError where the requested one is taken and it cannot move."""
    if requested != AUTO and not is_free(requested):
        if not movable:
            raise UserError(*_taken_message([(service, requested)]))
        requested = AUTO
    if requested == AUTO and previous and is_free(previous):
        return previous
    return requested or any_free_port()


def holder_of(port: int) -> str:
    """Return the process that listens on a port as `name (pid N)`, or an empty text when it is unknown."""
    try:
        listening = [c for c in psutil.net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN]
        pids = [c.pid for c in listening if c.laddr and c.laddr[1] == port]
        return next((f"{psutil.Process(pid).name()} (pid {pid})" for pid in pids if pid), "")
    except psutil.Error:
        return ""


def _free_port(name: str, previous: Ports | None) -> int:
    # Reusing the last port keeps addresses in notes and shells valid across `down` and `up`.
    if previous is not None and is_free(port := getattr(previous, name)):
        return int(port)
    return any_free_port()


def _taken_message(taken: list[tuple[str, int]]) -> tuple[str, str]:
    service, port = taken[0]
    holder = holder_of(port)
    by = f" by {holder}" if holder else ""
    others = "".join(f", {other} for {name}" for name, other in taken[1:])
    return (
        f"port {port} for {service} is in use{by}{f' (also in use: {others[2:]})' if others else ''}",
        f"stop that process, or set {port_variable(service)} to another port (or to auto)",
    )
