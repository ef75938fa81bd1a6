"""A synthetic TLC month as a Parquet file, for offline use and benchmarks."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from producer.errors import UserError
from producer.settings import Settings
from producer.synthetic_month import SyntheticMonth, block_table
from producer.synthetic_profile import PROFILES
from producer.synthetic_schema import SYNTHETIC_KEY, schema_of
from producer.tlc_month import TlcMonth, parse_month

EARLIEST = date(2019, 1, 1)
LAST_ZONE_ID = 265
WORKERS = 2
BLOCKS_AHEAD = 3
"""Finished blocks that may wait for the writer: this bounds the memory."""


def generate(
    taxi_type: Annotated[str, typer.Option(help="yellow or green")],
    month: Annotated[str, typer.Option(help="2024-01; from 2019-01 on")],
    rows: Annotated[int, typer.Option(help="how many trips")],
    seed: Annotated[int, typer.Option(help="equal seeds make equal rows")] = 1,
    to: Annotated[Path | None, typer.Option(help="file or folder; default: the user's cache")] = None,
    hot_zone: Annotated[
        list[str] | None, typer.Option(help="ZONE:SHARE of the pickups, like 74:0.5; may be repeated")
    ] = None,
) -> None:
    """Make a synthetic TLC month with the quirks of the real ones; its metadata says that it is synthetic."""
    wanted = checked_month(parse_month(taxi_type, month), rows, seed, hot_zone or [])
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    file = write_month(wanted, _target(wanted, to), console)
    console.print(
        f"{wanted.month} with {rows} trips is SYNTHETIC (seed {seed}): made up, not published by the TLC"
    )
    typer.echo(str(file))


def checked_month(month: TlcMonth, rows: int, seed: int, hot_zones: Sequence[str] = ()) -> SyntheticMonth:
    """What to generate; UserError for what the generator cannot make."""
    if month.taxi_type not in PROFILES:
        raise UserError(f"the generator makes {' and '.join(sorted(PROFILES))} months, not {month.taxi_type}")
    if month.first_day < EARLIEST:
        raise UserError(f"the generator makes months from {EARLIEST:%Y-%m} on, not {month.text}")
    if rows < 0:
        raise UserError(f"--rows is {rows}: a month cannot have fewer than 0 trips")
    if seed < 0:
        raise UserError(f"--seed is {seed}: choose 0 or more")
    return SyntheticMonth(month, rows, seed, _hot_zones(hot_zones))


def _hot_zones(texts: Sequence[str]) -> dict[int, float]:
    shares = dict(_hot_zone(text) for text in texts)
    if sum(shares.values()) > 1:
        raise UserError(
            f"the hot zones have {sum(shares.values()):g} of the pickups: at most 1 can be shared out"
        )
    return shares


def _hot_zone(text: str) -> tuple[int, float]:
    zone_text, _, share_text = text.partition(":")
    try:
        zone, share = int(zone_text), float(share_text)
    except ValueError:
        raise UserError(f"--hot-zone {text!r} is not ZONE:SHARE, like 74:0.5") from None
    if not 1 <= zone <= LAST_ZONE_ID or not 0 < share <= 1:
        raise UserError(
            f"--hot-zone {text!r}: the zone is 1 to {LAST_ZONE_ID}, its share above 0 and at most 1"
        )
    return zone, share


def _target(wanted: SyntheticMonth, to: Path | None) -> Path:
    # The name must not be that of the real month: a search for months would take it for one.
    name = wanted.month.file_name.replace(".parquet", ".synthetic.parquet")
    if to is None:
        return Settings.from_environment().taxi_cache_dir / "synthetic" / name
    return to / name if to.is_dir() else to


def write_month(wanted: SyntheticMonth, target: Path, console: Console | None = None) -> Path:
    """Write the month; the file appears when it is whole. UserError if the place is not writable."""
    with _unfinished(target) as part, _progress(console) as progress:
        bar = progress.add_task(f"synthetic {wanted.month}", total=wanted.rows)
        with pq.ParquetWriter(part, _marked_schema(wanted), compression="zstd") as writer:
            for table in _tables(wanted):
                writer.write_table(table, row_group_size=max(table.num_rows, 1))
                progress.advance(bar, table.num_rows)
    return target


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """A file beside the target that replaces it when all went well, and vanishes otherwise."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(target)
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            part.unlink()


def _marked_schema(wanted: SyntheticMonth) -> pa.Schema:
    mark = (
        f"made by ./taxi generate; rows={wanted.rows} seed={wanted.seed} hot_zones={dict(wanted.hot_zones)}"
    )
    return schema_of(wanted.month).with_metadata({SYNTHETIC_KEY: mark.encode()})


def _tables(wanted: SyntheticMonth) -> Iterator[pa.Table]:
    """The blocks in their order, made side by side."""
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
