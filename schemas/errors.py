"""The one error that a person sees, wherever a file of the TLC's is read."""


class UserError(Exception):
    """Something a person can mend: one line that says what and where, and the remedy."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(" ".join((f"{message}; {remedy}" if remedy else message).split()))
