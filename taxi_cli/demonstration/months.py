"""The months of the demo: the TLC's where they are available, else synthetic ones."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from schemas.errors import UserError
from schemas.tlc_month import TlcMonth
from schemas.zone_shapes import find_shapes
from stack.console import console
from stack.settings import ROOT, StackSettings, user_environment

SHARED_MONTHS = ROOT.parent / "shared" / "data" / "months"
SYNTHETIC_ROWS = 60_000
BUSY_ROWS = 100_000
"""Its Friday evenings are as busy as those of a real green month of 60,000 trips."""

Process = subprocess.Popen[bytes]


def demo_settings() -> StackSettings:
    """Return the settings of a stack that finds the months next to this tree, and the zones next to them."""
    settings = StackSettings.from_environment()
    forwarded = settings.forwarded_variables
    if forwarded.get("TLC_DATA_DIR") or not SHARED_MONTHS.is_dir():
        return settings
    return replace(settings, forwarded_variables={**forwarded, "TLC_DATA_DIR": str(SHARED_MONTHS)})


class MonthMissingError(UserError):
    """The month can neither be fetched nor made."""


class MonthDownload:
    """A month that is being fetched."""

    def __init__(self, month: TlcMonth, *, rows: int = SYNTHETIC_ROWS, quiet: bool = False) -> None:
        self._month, self._rows, self._quiet = month, rows, quiet
        self._fetch = start_producer(
            "fetch", *_named(month), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if quiet else None
        )

    def file(self) -> Path:
        """Wait for the month's file, or make a synthetic one; raises MonthMissingError if that fails too."""
        if self._quiet and self._fetch.poll() is None:
            console().print(f"waiting for the download of {self._month}", highlight=False)
        found, _ = self._fetch.communicate()
        if self._fetch.returncode == 0:
            return Path(found.decode().strip().partition(": ")[2])
        console().print(
            f"the real month {self._month} is not available; using a SYNTHETIC month instead",
            style="yellow",
        )
        return _synthetic(self._month, self._rows)

    def stop(self) -> None:
        """End the fetch, if it still runs."""
        _end(self._fetch)


@contextmanager
def zones_in_background(settings: StackSettings) -> Iterator[None]:
    """Fetch the shapes of the zones while the stack starts, unless they are here; the map then reads them."""
    known = settings.forwarded_variables
    months = Path(known["TLC_DATA_DIR"]) if known.get("TLC_DATA_DIR") else None
    if known.get("TAXI_ZONES_FILE") or find_shapes(None, months, settings.cache):
        yield
        return
    fetch = start_producer("fetch", "--zones", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        _end(fetch)


@contextmanager
def month_in_background(month: TlcMonth) -> Iterator[MonthDownload]:
    """Fetch a month during other work; end the fetch when that work fails."""
    download = MonthDownload(month, rows=BUSY_ROWS, quiet=True)
    try:
        yield download
    finally:
        download.stop()


def start_producer(
    *arguments: str,
    environment: Mapping[str, str] = MappingProxyType({}),
    stdout: int | None = None,
    stderr: int | None = None,
) -> Process:
    """Start the producer where it finds the demo's months."""
    variables = {**user_environment(), **demo_settings().forwarded_variables, **environment}
    variables["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-P", "-m", "producer", *arguments]
    return subprocess.Popen(command, env=variables, stdout=stdout, stderr=stderr)


def _end(process: Process) -> None:
    if process.poll() is None:
        process.terminate()
        process.communicate()


def _synthetic(month: TlcMonth, rows: int) -> Path:
    file = StackSettings.from_environment().cache / "synthetic" / f"{month.file_stem}.synthetic.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    if start_producer("generate", *_named(month), "--rows", str(rows), "--to", str(file)).wait():
        raise MonthMissingError(
            f"no synthetic month {month} could be generated either", "see the message above"
        )
    return file


def _named(month: TlcMonth) -> tuple[str, ...]:
    return "--taxi-type", month.taxi_type, "--month", month.text
