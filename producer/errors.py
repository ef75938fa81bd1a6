"""Define the two ways in which a command ends early."""

from schemas.errors import UserError

__all__ = ["StoppedByUser", "UserError"]


class StoppedByUser(Exception):  # noqa: N818 - a request, not an error
    """Ctrl-C or SIGTERM; the text says how to continue."""
