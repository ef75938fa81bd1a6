"""Summarise the months of a run: for people as a table, for programs as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

COLUMNS = ("month", "rows", "accepted", "quarantined", "rejects", "duplicates", "windows", "MB", "seconds")


@dataclass(frozen=True)
class MonthSummary:
    """One month; `error` says why it failed, and then nothing of it has been replaced."""

    taxi_type: str
    month: str
    state: str
    error: str = ""
    files: Sequence[str] = ()
    rows_read: int = 0
    accepted: int = 0
    quarantined: int = 0
    quarantined_by_rule: dict[str, int] = field(default_factory=dict)
    rejects: int = 0
    duplicates: int = 0
    windows: int = 0
    bytes_read: int = 0
    bytes_written: int = 0
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Return whether the month failed, and so is unchanged."""
        return bool(self.error)

    def cells(self) -> tuple[str, ...]:
        """Return the month's row of the table."""
        counts = (
            self.rows_read,
            self.accepted,
            self.quarantined,
            self.rejects,
            self.duplicates,
            self.windows,
        )
        megabytes, seconds = f"{self.bytes_written / 1e6:.1f}", f"{self.seconds:.1f}"
        return (f"{self.taxi_type} {self.month}", *(f"{count:,}" for count in counts), megabytes, seconds)


def as_json(months: Sequence[MonthSummary]) -> str:
    """Return the whole summary as JSON."""
    return json.dumps({"months": [asdict(month) for month in months]}, indent=2) + "\n"


def as_note(month: MonthSummary, fingerprint: str) -> str:
    """Return the note stored with the rows of a month.

    `fingerprint` identifies the input they were made from.
    """
    return json.dumps({"fingerprint": fingerprint, **asdict(month)}, indent=2) + "\n"


def as_table(months: Sequence[MonthSummary]) -> str:
    """Return one line per month, the rules that were broken, then the reasons of the failures."""
    lines = _aligned([COLUMNS, *(month.cells() for month in months if not month.failed)])
    rules = _rules(months)
    if rules:
        lines += ["", *_aligned([("quarantined by rule", "trips"), *rules])]
    failed = [f"failed: {month.taxi_type} {month.month}: {month.error}" for month in months if month.failed]
    return "\n".join([*lines, *([""] if failed else []), *failed])


def _rules(months: Sequence[MonthSummary]) -> list[tuple[str, ...]]:
    counts: dict[str, int] = {}
    for month in months:
        for rule, trips in month.quarantined_by_rule.items():
            counts[rule] = counts.get(rule, 0) + trips
    return [(rule, f"{trips:,}") for rule, trips in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align columns to their widest value; the first to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
