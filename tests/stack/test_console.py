"""Foreign text on a terminal: what is printed is what it holds."""

import subprocess
import sys

import pytest
from rich.console import Console
from rich.table import Table

from stack.console import output, plain
from stack.terminal import visible

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text", ["[bold]x[/bold]", r"\[bold]x", "root:x:0", ":warning:", "Montréal → Québec", "a\nb"]
)
def test_foreign_text_is_printed_as_it_is(text: str) -> None:
    console = Console(width=80)
    table = Table(box=None, show_header=False, padding=0)
    table.add_row(plain(text))
    with console.capture() as in_a_line:
        console.print(plain(text))
    with console.capture() as in_a_table:
        console.print(table)
    shown = text.expandtabs()
    assert in_a_line.get().splitlines() == shown.splitlines()
    assert [line.rstrip() for line in in_a_table.get().splitlines()] == shown.splitlines()


def test_no_word_between_colons_becomes_a_picture() -> None:
    with output().capture() as printed:
        output().print("root:x:0")
    assert printed.get() == "root:x:0\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b2J\r\x7f", r"\x9b2J\x0d\x7f"),
    ],
)
def test_nothing_in_foreign_text_controls_the_terminal(text: str, shown: str) -> None:
    assert visible(text) == plain(text).plain == shown


PRINT_ARROW = """
from stack.terminal import print_in_any_encoding
print_in_any_encoding()
print("a → b")
"""


def test_a_character_that_the_encoding_lacks_is_escaped() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT_ARROW],
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"a \\u2192 b\n"
