"""All printing for users; standard output stays free for data."""

from functools import cache

from rich.console import Console
from rich.text import Text

from stack.terminal import visible


@cache
def console() -> Console:
    """Return the console for progress and messages."""
    return Console(stderr=True, soft_wrap=True, emoji=False)


@cache
def output() -> Console:
    """Return the console for the requested output of a command."""
    return Console(emoji=False)


def wide_output(columns: int) -> Console:
    """Return the output for a table of this width; a pipe would count as 80 columns and cut words."""
    return Console(width=max(output().width, columns), emoji=False)


def plain(value: object) -> Text:
    """Return foreign text as it is: nothing in it is markup, and nothing controls the terminal."""
    return Text(visible(str(value).expandtabs()))


def print_message(text: str) -> None:
    """Print a line of progress."""
    console().print(text, highlight=False)
