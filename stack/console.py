"""The one place that prints for people; standard output stays free for data."""

from functools import cache

from rich.console import Console


@cache
def console() -> Console:
    """For progress and messages."""
    return Console(stderr=True, soft_wrap=True)


@cache
def output() -> Console:
    """For what a command was asked to print."""
    return Console()


def wide_output(columns: int) -> Console:
    """The same for a table of so many columns of text: a pipe passes for 80, and words would be cut."""
    return Console(width=max(output().width, columns))


def print_message(text: str) -> None:
    """A line of progress."""
    console().print(text, highlight=False)
