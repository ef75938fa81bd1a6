"""Starts the local stack with the tables of the platform in it."""

from collections.abc import Collection

from control_plane.sink import table_sets
from stack import lifecycle
from stack.endpoints import Endpoints
from stack.services.postgres_installation import NAME as POSTGRES
from stack.settings import StackSettings


def up(
    settings: StackSettings | None = None, *, extras: Collection[str] = (), secure: bool = False
) -> Endpoints:
    """Start services that are not running, as `lifecycle.up` does; set up the tables once Postgres
    answers."""
    return lifecycle.up(settings, extras=extras, secure=secure, hooks={POSTGRES: _set_up_tables})


def _set_up_tables(endpoints: Endpoints) -> None:
    table_sets.set_up(endpoints.postgres_dsn)
