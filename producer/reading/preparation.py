"""Convert TLC months to one Parquet file of trips in event order; the result is cached."""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import duckdb

from producer.errors import StoppedByUser, UserError
from producer.months import MonthFile
from producer.reading.merging import write_merged
from producer.reading.ordering import NO_SPACE, write_prepared
from producer.reading.prepared import Prepared
from producer.reading.queries import duckdb_path, preparation_version
from producer.reading.query_progress import QueryProgress
from producer.reading.rejects import Rejects, hand_out
from producer.reading.sources import open_source
from producer.reading.writing import write_parquet
from producer.reading.zones import digest_of, find_shapes
from producer.settings import ProducerSettings, zones_dir
from schemas import trip
from schemas.standardisation import DEMANDS
from schemas.zone_shapes import SHAPE_FILES

REGISTER_ZONES = "producer.reading.zone_map:register_zones_of"
"""Imported only for months with coordinates: its libraries take a second to load."""

NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
DAYS_KEPT = 30
SECONDS_IN_A_DAY = 86_400

Watch = Callable[[str, float], None]
"""Called with the title of the month and its progress (0 to 100); may raise to stop the work."""


Rework = Callable[[duckdb.DuckDBPyRelation], duckdb.DuckDBPyRelation]
"""Transforms the trips of a prepared month."""


def _ignore_warning(_line: str) -> None:
    """Discard a warning."""


@dataclass(frozen=True)
class MonthPreparer:
    """The preparation of months within a memory limit; `warn` is called for every month that has rejects.

    Without `rejects_dir` the lists of rejects stay in the cache. Without `shapes`, months that have longitude
    and latitude instead of zones are refused.
    """

    cache_dir: Path
    memory_limit: str
    watch: Watch
    shapes: Path | None = None
    rejects_dir: Path | None = None
    warn: Callable[[str], None] = _ignore_warning

    @classmethod
    def of(cls, settings: ProducerSettings, watch: Watch, warn: Callable[[str], None]) -> "MonthPreparer":
        """Create a preparer from the settings."""
        return cls(
            settings.taxi_cache_dir,
            settings.prepare_memory_limit,
            watch,
            find_shapes(settings),
            settings.taxi_home / "rejects",
            warn,
        )

    def prepare(self, months: Sequence[MonthFile]) -> Prepared:
        """Prepare these months and merge their trips in event order; warns of rejects on each call."""
        return self.merged(self.prepare_each(months))

    def prepare_each(self, months: Sequence[MonthFile]) -> Sequence[Prepared]:
        """Prepare the trips of each month separately; warns of rejects on each call."""
        shapes = [self._shapes_for(month) for month in months]
        prepared = [self._prepare_month(*job) for job in zip(months, shapes, strict=True)]
        for month, result in zip(months, prepared, strict=True):
            self._warn_of_rejects(month, result)
        return prepared

    def merged(self, prepared: Sequence[Prepared]) -> Prepared:
        """Merge the trips of prepared months in event order."""
        return prepared[0] if len(prepared) == 1 else self._merge(prepared)

    def rejects(self, month: MonthFile, prepared: Prepared) -> Rejects:
        """Return the rows that were rejected when this month was prepared."""
        listed = _rejects_beside(prepared.path)
        folder = self.rejects_dir or self._folder
        with _as_user_error(
            f"{folder}: cannot list the rejects of {month.name}",
            "make space there, or set TAXI_HOME to a folder of your own",
        ):
            return hand_out(listed, folder / f"{month.name}.{prepared.fingerprint}.csv")

    def _warn_of_rejects(self, month: MonthFile, prepared: Prepared) -> None:
        rejects = self.rejects(month, prepared)
        if rejects.count:
            rows = "1 row was" if rejects.count == 1 else f"{rejects.count:,} rows were"
            self.warn(
                f"{month.path}: {rows} rejected, because a trip cannot store the values: see {rejects.path}"
            )

    def _shapes_for(self, month: MonthFile) -> Path | None:
        """Return the zone shapes if this month needs them; raises UserError if they are missing."""
        with duckdb.connect() as connection:
            source = open_source(connection, month)
        if source is None or not source.layout.zones_by_coordinates:
            return None
        if self.shapes is None:
            raise UserError(
                f"{month.path}: has coordinates instead of taxi zones, like all months before 2016-07,"
                " and the zone shapes are missing",
                f"run ./taxi fetch --zones, or copy one of {', '.join(SHAPE_FILES)}"
                f" to {zones_dir(self.cache_dir)}",
            )
        return self.shapes

    def _prepare_month(self, month: MonthFile, shapes: Path | None) -> Prepared:
        fingerprint = fingerprint_of(month, shapes)
        stem = month.name.split(".")[0]
        result = Prepared(self._folder / f"{stem}.{fingerprint}.parquet", fingerprint)
        if _is_there(result.path):
            return result
        with (
            self._within_means(f"{month.path}: preparation failed"),
            self._workspace() as workspace,
            self._connection(workspace) as connection,
        ):
            if shapes:
                resolve_name(REGISTER_ZONES)(connection, shapes)
            rejects = _rejects_beside(result.path)
            progress = QueryProgress(connection.query_progress)
            work = partial(write_prepared, connection, month, workspace, result.path, rejects, progress)
            self._watched(connection, month.name, work, progress)
        self._forget_unused()
        return result

    def _merge(self, parts: Sequence[Prepared]) -> Prepared:
        fingerprint = digest("merge", *sorted(part.fingerprint for part in parts))
        result = Prepared(self._folder / f"merged.{fingerprint}.parquet", fingerprint)
        if _is_there(result.path):
            return result
        watch = partial(self.watch, "merge in event order")
        with self._within_means("the months cannot be merged"):
            write_merged([part.path for part in parts], result.path, watch)
        self._forget_unused()
        return result

    def derived_month(self, source: Prepared, fingerprint: str, title: str, rework: Rework) -> Prepared:
        """Transform a prepared month; the result is cached under its fingerprint."""
        stem = source.path.name.split(".")[0]
        result = Prepared(self._folder / f"{stem}.{fingerprint}.parquet", fingerprint)
        if _is_there(result.path):
            return result
        with (
            self._within_means(f"{title}: cannot be done"),
            self._workspace() as workspace,
            self._connection(workspace) as connection,
        ):
            rows = rework(connection.read_parquet(duckdb_path(source.path), hive_partitioning=False))
            progress = QueryProgress(connection.query_progress)
            self._watched(connection, title, partial(write_parquet, rows, result.path), progress)
        self._forget_unused()
        return result

    def _forget_unused(self) -> None:
        """Delete prepared files unused for a month, and files left by killed processes."""
        oldest = time.time() - DAYS_KEPT * SECONDS_IN_A_DAY
        for entry in self._folder.iterdir():
            with suppress(OSError):  # another process may have deleted it first, or another user may own it
                if entry.stat().st_mtime >= oldest:
                    continue
                if entry.is_dir():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink()

    @property
    def _folder(self) -> Path:
        folder = self.cache_dir / "prepared"
        with _as_user_error(f"{folder}: cannot be created", "set TAXI_CACHE_DIR to a folder of your own"):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _within_means(self, failure: str) -> AbstractContextManager[None]:
        """Explain what this machine lacks: disk space or memory."""
        remedy = f"free disk space in {self._folder}, or raise PREPARE_MEMORY_LIMIT ({self.memory_limit})"
        return _as_user_error(failure, remedy)

    @contextmanager
    def _workspace(self) -> Iterator[Path]:
        """Provide a temporary folder for the preparation of a month."""
        # A process in another container that shares the cache may have the same number.
        with tempfile.TemporaryDirectory(
            prefix=f"spill-{os.getpid()}-", dir=self._folder, ignore_cleanup_errors=True
        ) as workspace:
            yield Path(workspace)

    @contextmanager
    def _connection(self, workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        config: dict[str, Any] = {"memory_limit": self.memory_limit, "temp_directory": str(workspace)}
        with duckdb.connect(config=config) as connection:
            connection.execute("set enable_progress_bar = true; set enable_progress_bar_print = false")
            yield connection

    def _watched(
        self,
        connection: duckdb.DuckDBPyConnection,
        title: str,
        work: Callable[[], None],
        progress: QueryProgress,
    ) -> None:
        """Run the work in another thread, so that it can be watched and stopped."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            running = pool.submit(work)
            try:
                while not _is_done(running):
                    self.watch(title, progress.percent())
            except (StoppedByUser, KeyboardInterrupt):
                connection.interrupt()
                raise
            running.result()


def fingerprint_of(month: MonthFile, shapes: Path | None = None) -> str:
    """Identify the prepared form of a month by its bytes, name, reader options and zone shapes."""
    with month.path.open("rb") as file:
        content = blake2b(digest_size=16)
        while block := file.read(1 << 20):
            content.update(block)
    names = (month.name, month.taxi_type, month.month.isoformat())
    reading = (preparation_version(), repr(DEMANDS), trip.current().text)
    return digest(content.hexdigest(), *names, *reading, digest_of(shapes) if shapes else "")


@contextmanager
def _as_user_error(failure: str, remedy: str) -> Iterator[None]:
    """Turn a fault of the machine into one line with its reason and the remedy."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{failure}: {error.strerror or error}", _remedy_of(error, remedy)) from None
    except duckdb.Error as error:
        # DuckDB wraps the system's words in JSON.
        reason = NO_SPACE if NO_SPACE in str(error) else str(error).splitlines()[0]
        raise UserError(f"{failure}: {reason}", remedy) from None


def _remedy_of(error: OSError, remedy: str) -> str:
    """Return the remedy; for a folder of another user or without write access, name it."""
    if error.errno in NOT_WRITABLE:
        return f"{error.filename} must belong to the user who runs this, and be writable"
    return remedy


def digest(*parts: str) -> str:
    """Return a short hash of these texts together."""
    return blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


def _is_there(prepared: Path) -> bool:
    """Return whether a month has been prepared before, and record that it is in use."""
    for file in (prepared, _rejects_beside(prepared)):
        with suppress(OSError):  # it may be absent, or belong to another user who shares the cache
            os.utime(file)
    return prepared.is_file()


def _rejects_beside(prepared: Path) -> Path:
    return prepared.with_suffix(".rejects.csv")


def _is_done(running: "Future[None]") -> bool:
    try:
        running.exception(timeout=0.1)
    except TimeoutError:
        return False
    return True
