"""Determine which taxi type and month a TLC file holds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from schemas.errors import UserError
from schemas.tlc_month import RAW_SUFFIXES, TlcMonth, parse_month

BACKSLASH, PATTERNS = "\\", "*?["
LONGEST_NAME_BYTES = 180
"""Longest name of a month: the names of files derived from it are longer, and file systems end at 255."""

_TLC_NAME = re.compile(r"([a-z]+)_tripdata_(\d{4}-\d{2})")


@dataclass(frozen=True)
class MonthFile:
    """A file with the trips of one taxi type and month."""

    path: Path
    tlc_month: TlcMonth

    @property
    def name(self) -> str:
        """Return the name that each of its trips carries as `source_file`."""
        return self.path.name

    @property
    def taxi_type(self) -> str:
        """Return `yellow`, `green` or `fhvhv`."""
        return self.tlc_month.taxi_type

    @property
    def month(self) -> date:
        """Return the first day of the month."""
        return self.tlc_month.first_day

    @property
    def is_parquet(self) -> bool:
        """Return whether it is Parquet, else it is CSV."""
        return self.name.endswith(".parquet")


@dataclass(frozen=True)
class Naming:
    """The rules to find and name files: command-line options take precedence over the file's name."""

    taxi_type: str | None = None
    month: str | None = None
    tlc_data_dir: Path | None = None

    def month_files(self, paths: Sequence[Path]) -> tuple[MonthFile, ...]:
        """Return each file once, in the order given.

        Raises UserError if one is missing or cannot be named.
        """
        found: dict[tuple[Path, TlcMonth], MonthFile] = {}
        for file in map(self.month_file, paths):
            found.setdefault((file.path.resolve(), file.tlc_month), file)
        return tuple(found.values())

    def month_file(self, path: Path) -> MonthFile:
        """Return the month that this file holds."""
        if BACKSLASH in str(path.absolute()) and set(PATTERNS) & set(str(path.absolute())):
            raise UserError(
                f"{path}: DuckDB cannot open a path with a backslash and one of {PATTERNS}", "rename it"
            )
        if not _is_storable(path):
            shown = str(path).encode("utf-8", "backslashreplace").decode()
            raise UserError(
                f"{shown}: the name is not UTF-8, or longer than {LONGEST_NAME_BYTES} bytes", "rename it"
            )
        found = self._located(path)
        if not found.name.endswith(RAW_SUFFIXES):
            raise UserError(
                f"{path}: not a TLC month", f"the file name must end in {', '.join(RAW_SUFFIXES)}"
            )
        named = _TLC_NAME.search(found.name)
        taxi_type = self.taxi_type or (named and named[1])
        month = self.month or (named and named[2])
        if not taxi_type or not month:
            raise UserError(
                f"{path}: the file name does not contain taxi type and month,"
                " like green_tripdata_2024-01.parquet",
                "rename the file, or add --taxi-type and --month",
            )
        try:
            return MonthFile(found, parse_month(taxi_type, month))
        except UserError as error:
            raise UserError(f"{path}: {error}") from None

    def _located(self, path: Path) -> Path:
        candidates = [path, *([self.tlc_data_dir / path] if self.tlc_data_dir else [])]
        for candidate in candidates:
            try:
                is_file = candidate.is_file()
            except OSError as error:
                raise UserError(
                    f"{candidate}: cannot be read: {error.strerror}",
                    "check the name and its folder's permissions",
                ) from None
            if is_file:
                # A link keeps its own name: its target may have any name.
                return candidate.absolute()
        if path.is_dir():
            raise UserError(f"{path}: is a folder", "give the paths of the month files in it")
        raise UserError(f"{path}: no such file", "check the path, or download a month with ./taxi fetch")


def _is_storable(path: Path) -> bool:
    """Return whether the path is text, and leaves space for the names of files derived from the month."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return len(path.name.encode()) <= LONGEST_NAME_BYTES
