"""The error that users see, and its transient kind."""


class UserError(Exception):
    """An error that a user can fix: one line with what and where, and the remedy."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(" ".join((f"{message}; {remedy}" if remedy else message).split()))
        self.message = message
        self.remedy = remedy


class TransientError(UserError):
    """A failed request that may succeed in a moment."""
