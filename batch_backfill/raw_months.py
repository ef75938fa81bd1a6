"""Where the files of a TLC month lie."""

from collections.abc import Sequence
from dataclasses import dataclass

from batch_backfill.storage import HadoopFile, Storage
from schemas.errors import UserError
from schemas.processed import partition
from schemas.tlc_month import RAW_SUFFIXES, TlcMonth


@dataclass(frozen=True)
class RawFile:
    """A file with trips of one month; `position` is its place among the files of the month."""

    path: str
    name: str
    size: int
    position: int
    tlc_month: TlcMonth

    @property
    def taxi_type(self) -> str:
        """`yellow`, `green` or `fhvhv`."""
        return self.tlc_month.taxi_type

    @property
    def is_parquet(self) -> bool:
        """Parquet, else CSV."""
        return self.name.endswith(".parquet")


def raw_files(storage: Storage, raw: str, month: TlcMonth) -> Sequence[RawFile]:
    """The files of a month, by name; UserError when there is none.

    They lie in `taxi_type=/year=/month=` under `raw`, as `./taxi fetch --to` puts them, or all in one folder.
    """
    folder = f"{raw}/{partition(month.taxi_type, month.first_day)}"
    stem = f"{month.taxi_type}_tripdata_{month.text}."
    found = _months(storage.files(folder)) or [
        file for file in _months(storage.files(raw)) if file.name.startswith(stem)
    ]
    if not found:
        raise UserError(
            f"{folder}: has no file of {month}",
            f"fetch it: ./taxi fetch --taxi-type {month.taxi_type} --month {month.text}",
        )
    return [RawFile(file.path, file.name, file.size, position, month) for position, file in enumerate(found)]


def _months(files: Sequence[HadoopFile]) -> list[HadoopFile]:
    return [file for file in files if file.name.endswith(RAW_SUFFIXES)]
