"""The `inspect` command: what is in a month, without publishing it."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from producer.examination import examine
from producer.instants import text_of
from producer.interruption import listening
from producer.months import MonthFile, Naming
from producer.prepared import broken_rules, span_of
from producer.progress import display_on
from producer.replay import workshop
from producer.settings import Settings
from producer.vintages import SOURCE_COLUMNS, Layout


def inspect(files: Sequence[Path], naming: Naming, settings: Settings, console: Console) -> None:
    """Print the facts of each file."""
    for month, layout in examine(naming.month_files(files), console).items():
        with listening() as interruption, display_on(console) as display:
            source = workshop(settings, display, interruption).prepare([month])
        _print_facts(month, layout, source.path, console)


def _print_facts(month: MonthFile, layout: Layout, path: Path, console: Console) -> None:
    span = span_of(path)
    quarantined = span.trips - span.valid_trips
    console.print(f"{month.name}: {month.taxi_type} {month.month:%Y-%m}")
    console.print(f"  {span.trips:,} rows, {span.valid_trips:,} valid, {quarantined:,} quarantined")
    for rule, trips in broken_rules(path).items():
        console.print(f"    {trips:,} {rule}")
    console.print(f"  event clock {text_of(span.first_ms or 0)} to {text_of(span.last_ms or 0)}")
    console.print(f"  {len(layout.found)} of {len(SOURCE_COLUMNS)} columns recognised")
    for title, names in (("absent, so null", layout.absent), ("unknown, so ignored", layout.ignored)):
        if names:
            console.print(f"  {title}: {', '.join(names)}")
