"""Brings the TLC's months to where Spark reads them."""

from collections.abc import Sequence
from contextlib import suppress

import typer

from producer.fetching.fetch import fetch
from stack.backfill.history import History
from stack.publication import Month
from stack.reprocess.plan import producer_errors

PARALLEL = 4


def bring(history: History, months: Sequence[Month]) -> list[Month]:
    """Fetch the months that are not there; those that cannot be had are returned, and each was told of."""
    missing = _missing(history, months)
    if missing:
        # By this process itself: whoever kills it ends the transfer too, and the next one goes on with it.
        with producer_errors(), suppress(typer.Exit):
            fetch(
                taxi_type=sorted({month.taxi_type for month in missing}),
                month=[month.month for month in missing],
                all_since=None,
                zones=False,
                to=history.raw.address,
                parallel=PARALLEL,
                dry_run=False,
            )
    return _missing(history, missing)


def _missing(history: History, months: Sequence[Month]) -> list[Month]:
    return [month for month in months if not history.raw_files(month)]
