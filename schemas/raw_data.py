"""The layout of the TLC's files in the raw data; the control plane and Spark list them by different means."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from schemas.processed import partition
from schemas.tlc_month import RAW_SUFFIXES, TlcMonth


class NamedFile(Protocol):
    """A file of some store."""

    @property
    def name(self) -> str:
        """The name without its folder."""


F = TypeVar("F", bound=NamedFile)


def month_folder(month: TlcMonth) -> str:
    """Return the folder into which `./taxi fetch --to` puts a month, below the raw data."""
    return partition(month.taxi_type, month.first_day)


def files_of_month(month: TlcMonth, files_in: Callable[[str], Sequence[F]]) -> list[F]:
    """Return a month's files: those in its own folder, or those with its name among all others.

    `files_in` lists a folder below the raw data; the raw data itself is "".
    """
    stem = f"{month.file_stem}."
    return _trips(files_in(month_folder(month))) or [
        file for file in _trips(files_in("")) if file.name.startswith(stem)
    ]


def _trips(files: Sequence[F]) -> list[F]:
    """Drop files that are being written, whose names begin with a dot."""
    return [file for file in files if file.name.endswith(RAW_SUFFIXES) and not file.name.startswith(".")]
