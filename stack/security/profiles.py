"""The security profile: chosen when a stack is created, recorded, and kept as long as its data."""

from pathlib import Path

from schemas.errors import UserError
from stack.security.secrets import Secrets
from stack.state import recorded_as_secure


def chosen(home: Path, *, wanted: bool, data: Path) -> bool:
    """Return whether the stack is secure; raises UserError where its data was created without locks."""
    known = recorded_as_secure(home)
    # A purge removes the record first; where it is lost, the folder of secrets gives the same answer.
    if wanted and not known and (data / "PG_VERSION").exists() and not Secrets(home).folder.exists():
        raise UserError(
            "the stack in this home was created without --secure",
            "run ./taxi down --purge to remove its data, or set TAXI_HOME to another folder",
        )
    return wanted or known


def recorded_secrets(home: Path) -> Secrets | None:
    """Return the secrets of the stack in this home; None for a stack without locks."""
    return Secrets(home) if recorded_as_secure(home) else None
