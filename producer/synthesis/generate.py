"""The command `generate`: synthetic TLC months as Parquet files, for offline use and benchmarks."""

import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from producer.settings import ProducerSettings
from producer.synthesis.month import LAST_ZONE, SyntheticMonth
from producer.synthesis.profile import PROFILES
from producer.synthesis.schema import SYNTHETIC_KEY, schema_of
from producer.synthesis.table import block_table
from schemas.atomic_file import atomic_path
from schemas.errors import UserError
from schemas.tlc_month import TlcMonth, parse_months

EARLIEST = date(2019, 1, 1)
BYTES_A_ROW = {"green": 18, "yellow": 18, "fhvhv": 30}
"""The size of a row in a month of three million trips; bigger months need less."""

WORKERS = 2
BLOCKS_AHEAD = 3
"""Finished blocks that may wait for the writer: this bounds the memory."""


def generate(
    taxi_type: Annotated[str, typer.Option(help="yellow, green or fhvhv.")],
    month: Annotated[
        list[str],
        typer.Option(help="2024-01, or a range 2024-01:2024-12; not before 2019-01; may be repeated."),
    ],
    rows: Annotated[int, typer.Option(help="Number of trips per month.")],
    seed: Annotated[int, typer.Option(help="Random seed; equal seeds give equal rows.")] = 1,
    to: Annotated[
        Path | None, typer.Option(help="Target file (for one month) or folder; default: the user's cache.")
    ] = None,
    hot_zone: Annotated[
        list[str] | None,
        typer.Option(help="Share of the pickups in a zone: ZONE:SHARE, like 74:0.5; may be repeated."),
    ] = None,
) -> None:
    """Generate synthetic TLC months with the anomalies of real ones; metadata marks them as synthetic."""
    months = [checked_month(one, rows, seed, hot_zone or []) for one in parse_months(taxi_type, month)]
    targets = targets_of(months, to)
    check_space(months, targets[0].parent)
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for wanted, target in zip(months, targets, strict=True):
        file = write_month(wanted, target, console)
        console.print(
            f"{wanted.month} with {rows} trips is SYNTHETIC (seed {seed}): generated, not from the TLC"
        )
        typer.echo(str(file))


def checked_month(month: TlcMonth, rows: int, seed: int, hot_zones: Sequence[str] = ()) -> SyntheticMonth:
    """Return what to generate; raises UserError for what the generator cannot make."""
    if month.taxi_type not in PROFILES:
        raise UserError(
            f"cannot generate {month.taxi_type} months", f"choose one of {', '.join(sorted(PROFILES))}"
        )
    if month.first_day < EARLIEST:
        raise UserError(f"cannot generate {month.text}", f"choose a month from {EARLIEST:%Y-%m} on")
    if rows < 0:
        raise UserError(f"--rows is {rows}", "give 0 or more")
    if seed < 0:
        raise UserError(f"--seed is {seed}", "give 0 or more")
    return SyntheticMonth(month, rows, seed, _hot_zones(hot_zones))


def _hot_zones(texts: Sequence[str]) -> dict[int, float]:
    shares = dict(_hot_zone(text) for text in texts)
    if sum(shares.values()) > 1:
        raise UserError(
            f"the shares of --hot-zone add up to {sum(shares.values()):g}",
            "give shares of at most 1 in total",
        )
    return shares


def _hot_zone(text: str) -> tuple[int, float]:
    zone_text, _, share_text = text.partition(":")
    try:
        zone, share = int(zone_text), float(share_text)
    except ValueError:
        raise UserError(f"invalid --hot-zone {text!r}", "give ZONE:SHARE, like 74:0.5") from None
    if not 1 <= zone <= LAST_ZONE or not 0 < share <= 1:
        raise UserError(
            f"invalid --hot-zone {text!r}",
            f"give a zone from 1 to {LAST_ZONE}, and a share above 0 and at most 1",
        )
    return zone, share


def targets_of(months: Sequence[SyntheticMonth], to: Path | None) -> list[Path]:
    """Return the file of each month; raises UserError if all would go into one."""
    # The name must differ from the real month's: a search for months would take it for one.
    names = [one.month.file_name.replace(".parquet", ".synthetic.parquet") for one in months]
    folder = ProducerSettings.from_environment().taxi_cache_dir / "synthetic" if to is None else to
    if folder.is_dir() or to is None:
        return [folder / name for name in names]
    if len(months) == 1:
        return [folder]
    if folder.suffix or folder.exists():
        raise UserError(f"--to {to} is not a folder, but {len(months)} months need one", "give a folder")
    return [folder / name for name in names]


def check_space(months: Sequence[SyntheticMonth], folder: Path) -> None:
    """Raise UserError if the disk has too little space for the months."""
    trips = sum(wanted.rows for wanted in months)
    needed = trips * BYTES_A_ROW[months[0].month.taxi_type]
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise UserError(
            f"{trips:,} trips take about {decimal(needed)}, but {folder} has only {decimal(free)} free",
            "free disk space, give fewer --rows, or use another folder with --to",
        )


def write_month(wanted: SyntheticMonth, target: Path, console: Console | None = None) -> Path:
    """Write the month atomically; raises UserError if the folder is not writable."""
    try:
        with atomic_path(target) as draft, _progress(console) as progress:
            bar = progress.add_task(f"synthetic {wanted.month}", total=wanted.rows)
            with _writer(draft, _marked_schema(wanted)) as writer:
                for table in _tables(wanted):
                    writer.write_table(table, row_group_size=max(table.num_rows, 1))
                    progress.advance(bar, table.num_rows)
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror or error}") from None
    return target


def _writer(file: Path, schema: pa.Schema) -> pq.ParquetWriter:
    # Hardly any two timestamps are equal: a dictionary of them is larger and slower than the plain values.
    repeating = [column.name for column in schema if not pa.types.is_timestamp(column.type)]
    return pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=repeating)


def _marked_schema(wanted: SyntheticMonth) -> pa.Schema:
    mark = (
        f"made by ./taxi generate; rows={wanted.rows} seed={wanted.seed} hot_zones={dict(wanted.hot_zones)}"
    )
    return schema_of(wanted.month).with_metadata({SYNTHETIC_KEY: mark.encode()})


def _tables(wanted: SyntheticMonth) -> Iterator[pa.Table]:
    """Yield the blocks in order; they are made in parallel."""
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting: deque[Future[pa.Table]] = deque()
        for block in range(wanted.blocks):
            waiting.append(pool.submit(block_table, wanted, block))
            if len(waiting) >= BLOCKS_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _progress(console: Console | None) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    is_shown = console is not None and console.is_terminal
    return Progress(*columns, console=console, transient=True, disable=not is_shown)
