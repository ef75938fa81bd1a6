"""The two ways in which a command ends early."""


class UserError(Exception):
    """Something a person can mend: one line that says what and where, and the remedy."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(" ".join((f"{message}; {remedy}" if remedy else message).split()))


class StoppedByUser(Exception):  # noqa: N818 - a wish, not an error
    """Ctrl-C or SIGTERM; the text says how to go on."""
