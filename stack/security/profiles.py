"""With locks or without: chosen when a stack is made, remembered, and kept as long as its data."""

from pathlib import Path

from schemas.errors import UserError
from stack.security.secrets import Secrets
from stack.state import recorded_as_secure


def chosen(home: Path, *, wanted: bool, data: Path) -> bool:
    """Whether the stack has locks; raises UserError where its data was made without."""
    known = recorded_as_secure(home)
    # The record is removed first by a purge; where it is lost, the folder of secrets says the same.
    if wanted and not known and (data / "PG_VERSION").exists() and not Secrets(home).folder.exists():
        raise UserError(
            "the stack of this home was made without --secure",
            "remove its data by ./taxi down --purge, or set TAXI_HOME",
        )
    return wanted or known


def recorded_secrets(home: Path) -> Secrets | None:
    """The secrets of the stack in this home; None for one without locks."""
    return Secrets(home) if recorded_as_secure(home) else None
