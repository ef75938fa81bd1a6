"""Find the files of a TLC month."""

from collections.abc import Sequence
from dataclasses import dataclass

from batch_backfill.storage import Storage
from schemas.errors import UserError
from schemas.raw_data import files_of_month, month_folder
from schemas.tlc_month import TlcMonth


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
        """Return `yellow`, `green` or `fhvhv`."""
        return self.tlc_month.taxi_type

    @property
    def is_parquet(self) -> bool:
        """Return whether it is Parquet, else it is CSV."""
        return self.name.endswith(".parquet")


def raw_files(storage: Storage, raw: str, month: TlcMonth) -> Sequence[RawFile]:
    """List the files of a month, by name; raises UserError if there are none.

    They are in `taxi_type=/year=/month=` under `raw`, as `./taxi fetch --to` stores them, or all in one
    folder.
    """
    found = files_of_month(month, lambda folder: storage.files(f"{raw}/{folder}".rstrip("/")))
    if not found:
        raise UserError(
            f"{raw}/{month_folder(month)}: no file of {month}",
            f"run ./taxi fetch --taxi-type {month.taxi_type} --month {month.text}",
        )
    return [RawFile(file.path, file.name, file.size, position, month) for position, file in enumerate(found)]
