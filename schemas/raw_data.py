"""Where the TLC's files lie in the raw data; the control plane and Spark list them by different means."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from schemas.processed import partition
from schemas.tlc_month import RAW_SUFFIXES, TlcMonth


class NamedFile(Protocol):
    """A file of some store."""

    @property
    def name(self) -> str:
        """Without its folder."""


F = TypeVar("F", bound=NamedFile)


def month_folder(month: TlcMonth) -> str:
    """The folder that `./taxi fetch --to` puts a month into, below the raw data."""
    return partition(month.taxi_type, month.first_day)


def files_of_month(month: TlcMonth, files_in: Callable[[str], Sequence[F]]) -> list[F]:
    """A month's files: those in a folder of its own, or those of its name among all others.

    `files_in` lists a folder below the raw data; the raw data itself is "".
    """
    stem = f"{month.file_stem}."
    return _trips(files_in(month_folder(month))) or [
        file for file in _trips(files_in("")) if file.name.startswith(stem)
    ]


def _trips(files: Sequence[F]) -> list[F]:
    """Without what is written at this moment, whose name begins with a dot."""
    return [file for file in files if file.name.endswith(RAW_SUFFIXES) and not file.name.startswith(".")]
