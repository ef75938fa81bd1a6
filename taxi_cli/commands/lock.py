"""`./taxi lock`."""

from stack.toolchain.relock import relock_everything


def lock() -> None:
    """Resolve the Python and Java locks again."""
    relock_everything()
