"""Check whether a month can be what its name says: in another month's file nearly all trips break a rule."""

from collections.abc import Sequence

from producer.months import MonthFile
from producer.reading.prepared import Prepared, broken_rules, quarantine_counts
from schemas.errors import UserError
from schemas.rules import is_nearly_all


def refuse_nearly_all_quarantined(months: Sequence[MonthFile], prepared: Sequence[Prepared]) -> None:
    """Raise UserError for the first month of which nearly no trip would be counted."""
    for month, one in zip(months, prepared, strict=True):
        if doubt := doubt_about(month, one):
            raise UserError(doubt, "check the file with ./taxi inspect, or publish it anyway with --force")


def doubt_about(month: MonthFile, prepared: Prepared) -> str | None:
    """Return a warning for a month of which nearly all trips are quarantined; None for any other."""
    found = quarantine_counts(prepared.path)
    if not is_nearly_all(found.quarantined_trips, found.trips):
        return None
    rule = next(iter(broken_rules(prepared.path)))
    return (
        f"{month.path}: {found.quarantined_trips:,} of {found.trips:,} trips would be quarantined,"
        f" most of them by the rule {rule}: the file is probably not {month.tlc_month}"
    )
