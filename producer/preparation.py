"""Turns TLC months into one Parquet file of trips in event order, once: the result stays in the cache."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import duckdb

from producer.errors import StoppedByUser
from producer.months import MonthFile
from producer.prepared import Prepared
from producer.queries import derived, preparation_version, query, quoted_text
from producer.sources import Source, misfit, open_source, unreadable
from schemas import trip

ROWS_IN_A_GROUP = 65_536

Watch = Callable[[str, float], None]
"""Told what is being prepared and how far it is (0 to 100); may raise to stop it."""


Rework = Callable[[duckdb.DuckDBPyConnection, duckdb.DuckDBPyRelation], duckdb.DuckDBPyRelation]
"""From a prepared month to another form of it."""


@dataclass(frozen=True)
class Workshop:
    """Where and within which memory months are prepared."""

    cache_dir: Path
    memory_limit: str
    watch: Watch

    def prepare(self, months: Sequence[MonthFile]) -> Prepared:
        """All trips of these months, merged in event order."""
        prepared = [self._prepare_month(month) for month in months]
        return prepared[0] if len(prepared) == 1 else self._merge(prepared)

    def _prepare_month(self, month: MonthFile) -> Prepared:
        fingerprint = fingerprint_of(month)
        stem = month.name.split(".")[0]
        result = Prepared(self._folder / f"{stem}.{fingerprint}.parquet", fingerprint)
        if not result.path.is_file():
            with self._connection() as connection:
                self._watched(connection, month.name, partial(write_prepared, connection, month, result.path))
        return result

    def _merge(self, parts: Sequence[Prepared]) -> Prepared:
        fingerprint = digest("merge", *sorted(part.fingerprint for part in parts))
        result = Prepared(self._folder / f"merged.{fingerprint}.parquet", fingerprint)
        if not result.path.is_file():
            with self._connection() as connection:
                connection.execute(
                    "set variable paths = $paths", {"paths": [str(part.path) for part in parts]}
                )
                work = partial(_write, connection.sql(query("merge")), result.path)
                self._watched(connection, "merging in event order", work)
        return result

    def reworked(self, source: Prepared, fingerprint: str, title: str, rework: Rework) -> Prepared:
        """Another form of a prepared month, named by its fingerprint."""
        stem = source.path.name.split(".")[0]
        result = Prepared(self._folder / f"{stem}.{fingerprint}.parquet", fingerprint)
        if not result.path.is_file():
            with self._connection() as connection:

                def work() -> None:
                    _write(rework(connection, connection.read_parquet(str(source.path))), result.path)

                self._watched(connection, title, work)
        return result

    @property
    def _folder(self) -> Path:
        folder = self.cache_dir / "prepared"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def _connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        spill = self._folder / f"spill-{os.getpid()}"
        config: dict[str, Any] = {"memory_limit": self.memory_limit, "temp_directory": str(spill)}
        try:
            with duckdb.connect(config=config) as connection:
                connection.execute("set enable_progress_bar = true; set enable_progress_bar_print = false")
                yield connection
        finally:
            shutil.rmtree(spill, ignore_errors=True)

    def _watched(self, connection: duckdb.DuckDBPyConnection, title: str, work: Callable[[], None]) -> None:
        """Run the work beside us, so that it can be watched and stopped."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            running = pool.submit(work)
            try:
                while not _is_done(running):
                    self.watch(title, max(0.0, connection.query_progress()))
            except (StoppedByUser, KeyboardInterrupt):
                connection.interrupt()
                raise
            running.result()


def normalised(source: Source) -> duckdb.DuckDBPyRelation:
    """The rows of a month in the columns of the contract (without trip_id), in the order of the file."""
    month = source.month
    return derived(
        source.table,
        "source",
        query(
            "normalise",
            taxi_type=month.taxi_type,
            source_file=quoted_text(month.name),
            source_month=month.month.isoformat(),
        ),
    )


def identified(normalised_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The same rows with their trip_id, in the columns of the contract."""
    rows = derived(normalised_rows, "normalised", query("identify"))
    return rows.project(", ".join(trip.current().columns))


def write_prepared(connection: duckdb.DuckDBPyConnection, month: MonthFile, target: Path) -> None:
    """Write the trips of a month in event order, wholly or not at all; UserError says which values misfit."""
    source = open_source(connection, month)
    if source is None:
        return
    connection.execute(query("macros"))
    try:
        identified(normalised(source)).to_table("trips")
    except duckdb.InterruptException:
        raise
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException) as error:
        raise misfit(source, error) from None
    except duckdb.Error as error:
        raise unreadable(month, error) from None
    _write(connection.sql(query("clock")), target)


def fingerprint_of(month: MonthFile) -> str:
    """Identifies the prepared form of a month: its bytes, its name, and how they are read."""
    with month.path.open("rb") as file:
        content = blake2b(digest_size=16)
        while block := file.read(1 << 20):
            content.update(block)
    names = (month.name, month.taxi_type, month.month.isoformat())
    return digest(content.hexdigest(), *names, preparation_version(), trip.current().text)


def digest(*parts: str) -> str:
    """A short name for these texts together."""
    return blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


def _write(rows: duckdb.DuckDBPyRelation, target: Path) -> None:
    unfinished = target.with_suffix(f".{os.getpid()}.part")
    try:
        rows.to_parquet(str(unfinished), compression="zstd", row_group_size=ROWS_IN_A_GROUP)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _is_done(running: "Future[None]") -> bool:
    try:
        running.exception(timeout=0.1)
    except TimeoutError:
        return False
    return True
