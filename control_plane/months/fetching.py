"""Brings the TLC's months to where Spark reads them."""

from collections.abc import Sequence
from contextlib import suppress

import typer

from control_plane.months.history import History
from control_plane.months.producer_settings import producer_errors
from producer.fetching.fetch import fetch
from schemas.tlc_month import TlcMonth

PARALLEL = 4


def fetch_missing(history: History, months: Sequence[TlcMonth]) -> list[TlcMonth]:
    """Fetch the months that are not there; those that cannot be had are returned, and each was told of."""
    missing = _missing(history, months)
    if missing:
        # By this process itself: whoever kills it ends the transfer too, and the next one goes on with it.
        with producer_errors(), suppress(typer.Exit):
            fetch(
                taxi_type=sorted({month.taxi_type for month in missing}),
                month=[month.text for month in missing],
                all_since=None,
                zones=False,
                to=history.raw.address,
                parallel=PARALLEL,
                dry_run=False,
            )
    return _missing(history, missing)


def _missing(history: History, months: Sequence[TlcMonth]) -> list[TlcMonth]:
    return [month for month in months if not history.raw_files(month)]
