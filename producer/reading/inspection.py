"""Run the `inspect` command: show what is in a month, without publishing it."""

from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path

import typer
from rich.console import Console

from producer.instants import text_of
from producer.interruption import listening
from producer.months import MonthFile, Naming
from producer.reading.examination import examine
from producer.reading.plausibility import doubt_about
from producer.reading.preparation import MonthPreparer
from producer.reading.prepared import Prepared, broken_rules, span_of
from producer.reading.zones import zone_counts
from producer.replay_display import display_on, warning_on, watching
from producer.settings import ProducerSettings
from schemas.errors import UserError
from schemas.vintages import CONTRACT_COLUMNS, TRANSLATED, Layout
from schemas.zones import OUTSIDE_ZONE_ID, UNKNOWN_ZONE_ID


def inspect(
    files: Sequence[Path], naming: Naming, settings: ProducerSettings, console: Console, *, force: bool
) -> bool:
    """Print the facts of each file; return whether every file is plausible for its name, or is forced."""
    sound = [_inspect_file(file, naming, settings, console) for file in dict.fromkeys(files)]
    return all(result is Finding.SOUND or (force and result is Finding.DOUBTFUL) for result in sound)


class Finding(Enum):
    """The result of an inspection."""

    SOUND = auto()
    DOUBTFUL = auto()
    UNREADABLE = auto()


def _inspect_file(file: Path, naming: Naming, settings: ProducerSettings, console: Console) -> Finding:
    """Inspect one file; an error is one line, and does not stop the others."""
    doubts: list[str] = []
    try:
        for month, layout in examine(naming.month_files([file]), console).items():
            doubts += _inspect_month(month, layout, settings, console)
    except UserError as error:
        typer.echo(f"error: {error}", err=True)
        return Finding.UNREADABLE
    for doubt in doubts:
        warning_on(console)(doubt)
    return Finding.DOUBTFUL if doubts else Finding.SOUND


def _inspect_month(
    month: MonthFile, layout: Layout, settings: ProducerSettings, console: Console
) -> list[str]:
    """Print its facts; return the reason to doubt that it is this month."""
    with listening() as interruption, display_on(console) as display:
        preparer = MonthPreparer.of(settings, watching(display, interruption), warning_on(console))
        source = preparer.prepare([month])
    _print_trips(month, source, preparer.rejects(month, source).count, console)
    _print_columns(layout, console)
    for zone in layout.zones_by_coordinates:
        names = " and ".join(layout.found[part] for part in layout.computed[zone])
        counts = zone_counts(source.path, zone)
        console.print(
            f"  {zone} from {names}, by {preparer.shapes}:"
            f" {counts.get(UNKNOWN_ZONE_ID, 0):,} without a position ({UNKNOWN_ZONE_ID}),"
            f" {counts.get(OUTSIDE_ZONE_ID, 0):,} outside every zone ({OUTSIDE_ZONE_ID})"
        )
    doubt = doubt_about(month, source)
    return [doubt] if doubt else []


def _print_trips(month: MonthFile, source: Prepared, rejected: int, console: Console) -> None:
    span = span_of(source.path)
    quarantined = span.trips - span.valid_trips
    console.print(f"{month.name}: {month.tlc_month}")
    console.print(
        f"  {span.trips + rejected:,} rows, {span.valid_trips:,} valid, {quarantined:,} quarantined,"
        f" {rejected:,} rejected"
    )
    for rule, trips in broken_rules(source.path).items():
        console.print(f"    {trips:,} {rule}")
    console.print(f"  event clock {text_of(span.first_ms or 0)} to {text_of(span.last_ms or 0)}")


def _print_columns(layout: Layout, console: Console) -> None:
    recognised = len(CONTRACT_COLUMNS) - len(layout.absent)
    console.print(f"  {recognised} of {len(CONTRACT_COLUMNS)} columns recognised")
    computed = tuple(name for name in layout.computed if name not in layout.zones_by_coordinates)
    translated = tuple(layout.found[name] for name, kind in layout.read.items() if kind in TRANSLATED)
    lists = (
        ("computed as a sum", computed),
        ("translated", translated),
        ("absent, set to null", layout.absent),
        ("known, not used", layout.unused),
        ("unknown, ignored", layout.ignored),
    )
    for title, names in lists:
        if names:
            console.print(f"  {title}: {', '.join(names)}")
