"""Prints what a run compared and published."""

from collections.abc import Mapping

from rich import box
from rich.table import Table

from control_plane.sink.publication import Comparison, Published
from schemas.tlc_month import TlcMonth
from stack.console import console, output

COMPARED = {
    "equal": "windows: equal",
    "explained": "  explained by trips of one side",
    "unexplained": "  unexplained",
    "trips_equal": "trips: equal",
    "trips_changed": "  with different values",
    "trips_only_served": "  only served",
    "trips_only_in_run": "  only in this run",
}


def print_comparison(
    found: Mapping[TlcMonth, Comparison],
    title: str = "The served rows compared with this run",
    labels: Mapping[str, str] = COMPARED,
) -> None:
    """Print the differences, a column per month; then the first unexplained windows."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("")
    for month in found:
        table.add_column(str(month), justify="right")
    for field, label in labels.items():
        table.add_row(label, *(f"{getattr(one, field):,}" for one in found.values()))
    output().print(table)
    for month, one in found.items():
        for example in one.examples:
            output().print(f"unexplained: {month}, {example}", highlight=False, soft_wrap=True)


def print_published(done: Mapping[TlcMonth, Published], undo_by: str) -> None:
    """Print the result of each month, and the command that undoes it."""
    for month, one in done.items():
        console().print(
            f"{month} is published: {one.added:,} trips added, {one.withdrawn:,} withdrawn,"
            f" {one.changed:,} changed; to undo it, run {undo_by}",
            highlight=False,
            soft_wrap=True,
        )
