"""The one error that a person sees, and its kind that may pass by itself."""


class UserError(Exception):
    """Something a person can fix: one line that says what and where, and the remedy."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(" ".join((f"{message}; {remedy}" if remedy else message).split()))
        self.message = message
        self.remedy = remedy


class TransientError(UserError):
    """Something failed at a question that it may answer in a moment."""
