"""Fetches the TLC's months to where Spark reads them."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import typer

from control_plane.months.history import History
from control_plane.months.producer_settings import producer_errors
from producer.fetching.fetch import fetch
from producer.fetching.object_store import LocalFolder
from producer.fetching.versions import read_version
from schemas.raw_data import month_folder
from schemas.tlc_month import TlcMonth

PARALLEL = 4


def fetch_missing(history: History, months: Sequence[TlcMonth], *, refresh: bool = False) -> list[TlcMonth]:
    """Fetch the missing months; return those that are not available, after reporting each.

    Asks the TLC whether it has re-issued the months that came from it. A newer file is stored next to the
    older one and reported; with `refresh` it replaces it.
    """
    missing = _missing(history, months)
    wanted = [*missing, *(month for month in months if _came_from_tlc(history, month))]
    if wanted:
        # In this process: killing it also ends the transfer, and the next one continues it.
        with producer_errors(), suppress(typer.Exit):
            fetch(
                taxi_type=sorted({month.taxi_type for month in wanted}),
                month=[month.text for month in wanted],
                all_since=None,
                zones=False,
                to=history.raw.address,
                parallel=PARALLEL,
                dry_run=False,
                refresh=refresh,
            )
    return _missing(history, missing)


def _missing(history: History, months: Sequence[TlcMonth]) -> list[TlcMonth]:
    return [month for month in months if not history.raw_files(month)]


def _came_from_tlc(history: History, month: TlcMonth) -> bool:
    """Check whether a month is the single file that `fetch` stores; an object's metadata has the rest."""
    paths = [file.path for file in history.raw_files(month)]
    if isinstance(history.raw, LocalFolder):
        file = Path(history.raw.address) / month.file_name
        return paths == [month.file_name] and read_version(file) is not None
    return paths == [f"{month_folder(month)}/{month.file_name}"]
