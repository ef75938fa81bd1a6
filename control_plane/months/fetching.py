"""Brings the TLC's months to where Spark reads them."""

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
    """Fetch the months that are not there; those that cannot be had are returned, and each was told of.

    The TLC is asked whether it has re-issued those that came from there. A newer file is put beside, and said
    so; with `refresh` it takes the place of the older one.
    """
    missing = _missing(history, months)
    wanted = [*missing, *(month for month in months if _came_from_tlc(history, month))]
    if wanted:
        # By this process itself: whoever kills it ends the transfer too, and the next one goes on with it.
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
    """Whether a month is the one file that `fetch` puts there; of an object its own notes tell the rest."""
    paths = [file.path for file in history.raw_files(month)]
    if isinstance(history.raw, LocalFolder):
        file = Path(history.raw.address) / month.file_name
        return paths == [month.file_name] and read_version(file) is not None
    return paths == [f"{month_folder(month)}/{month.file_name}"]
