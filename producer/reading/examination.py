"""Examine months before processing starts."""

from collections.abc import Sequence

import duckdb
from rich.console import Console

from producer.months import MonthFile
from producer.reading.sources import MonthSource, has_rows, open_source
from producer.replay_display import warning_on
from schemas.vintages import Layout


def examine(months: Sequence[MonthFile], console: Console) -> dict[MonthFile, Layout]:
    """Return the months that hold trips; raises UserError for the first that cannot be replayed."""
    with duckdb.connect() as connection:
        opened = {month: open_source(connection, month) for month in months}
        for month, source in opened.items():
            _print_oddities(month, source, console)
        return {month: source.layout for month, source in opened.items() if source and has_rows(source)}


def _print_oddities(month: MonthFile, source: MonthSource | None, console: Console) -> None:
    if source is None or not has_rows(source):
        console.print(f"{month.path}: the file has no trips")
    elif source.layout.ignored:
        names = ", ".join(source.layout.ignored)
        warning_on(console)(f"{month.path}: ignoring unknown columns: {names}")
