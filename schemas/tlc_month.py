"""A month of one taxi type, as the TLC names it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from schemas.errors import UserError

TAXI_TYPES = ("yellow", "green", "fhvhv")
FIRST_MONTH = {"yellow": date(2009, 1, 1), "green": date(2013, 8, 1), "fhvhv": date(2019, 2, 1)}
REFUSED_TAXI_TYPES = {
    "fhv": "for-hire trips of small bases (fhv) have no fares in the TLC's data",
}
RAW_SUFFIXES = (".parquet", ".csv", ".csv.gz")
"""Suffixes of files with trips."""
MONTH_PATTERN = re.compile(r"(\d{4})-(\d{2})")
LAST_YEAR = 9998
"""The last year whose every month a later one follows."""


@dataclass(frozen=True, order=True)
class TlcMonth:
    """One file of the TLC; rejects a taxi type or a month that the TLC never published."""

    taxi_type: str
    first_day: date

    def __post_init__(self) -> None:
        if self.taxi_type in REFUSED_TAXI_TYPES:
            raise UserError(REFUSED_TAXI_TYPES[self.taxi_type], f"choose one of {', '.join(TAXI_TYPES)}")
        if self.taxi_type not in TAXI_TYPES:
            raise UserError(f"unknown taxi type {self.taxi_type!r}", f"choose one of {', '.join(TAXI_TYPES)}")
        if self.first_day.day != 1:
            raise UserError(f"{self.first_day} is not the first day of a month")
        if self.first_day < FIRST_MONTH[self.taxi_type]:
            raise UserError(
                f"the TLC's first {self.taxi_type} month is {FIRST_MONTH[self.taxi_type]:%Y-%m}",
                "choose a later month",
            )

    @property
    def text(self) -> str:
        """The month as `2024-01`."""
        return f"{self.first_day:%Y-%m}"

    @property
    def sql_parameters(self) -> dict[str, str]:
        """The named parameters of our SQL."""
        return {"taxi_type": self.taxi_type, "month": self.text, "first_day": self.first_day.isoformat()}

    @property
    def file_stem(self) -> str:
        """The beginning of the TLC's file names."""
        return f"{self.taxi_type}_tripdata_{self.text}"

    @property
    def file_name(self) -> str:
        """The name of the TLC's Parquet file."""
        return f"{self.file_stem}.parquet"

    @property
    def next_first_day(self) -> date:
        """The first day after the month."""
        return _following(self.first_day)

    def __str__(self) -> str:
        return f"{self.taxi_type} {self.text}"


def parse_month(taxi_type: str, text: str) -> TlcMonth:
    """Parse `2024-01` as a month of the taxi type; UserError gives the problem."""
    return TlcMonth(taxi_type, _first_day(text))


def parse_months(taxi_type: str, texts: Sequence[str]) -> tuple[TlcMonth, ...]:
    """Parse months and ranges such as `2024-01:2024-06` (both ends included), in order without duplicates."""
    return tuple(sorted({month for text in texts for month in _range(taxi_type, text)}))


def _range(taxi_type: str, text: str) -> list[TlcMonth]:
    first_text, _, last_text = text.partition(":")
    day, last = _first_day(first_text), _first_day(last_text or first_text)
    if ":" in text and not last_text:
        raise UserError(f"month range {text!r} has no end", "write it as 2024-01:2024-06")
    if last < day:
        raise UserError(f"month range {text!r} ends before it begins", "swap the months")
    months = []
    while day <= last:
        months.append(TlcMonth(taxi_type, day))
        day = _following(day)
    return months


def _first_day(text: str) -> date:
    match = MONTH_PATTERN.fullmatch(text)
    if match is None or not 1 <= int(match[2]) <= 12 or not 1 <= int(match[1]) <= LAST_YEAR:
        raise UserError(f"{text!r} is not a month", "write it as 2024-01")
    return date(int(match[1]), int(match[2]), 1)


def _following(first_day: date) -> date:
    year, month_index = divmod(first_day.year * 12 + first_day.month, 12)
    return date(year, month_index + 1, 1)
