"""Whether a month can be what its name says: of a file of another month nearly all trips break a rule."""

from collections.abc import Sequence

from producer.months import MonthFile
from producer.reading.preparation import MonthPreparer
from producer.reading.prepared import Prepared, broken_rules, span_of
from schemas.errors import UserError
from schemas.rules import is_nearly_all


def refuse_nearly_all_quarantined(months: Sequence[MonthFile], preparer: MonthPreparer) -> None:
    """Raise UserError for the first month of which next to nothing would be counted."""
    for month in months:
        if doubt := doubt_about(month, preparer.prepare([month])):
            raise UserError(doubt, "see ./taxi inspect, or publish all of it with --force")


def doubt_about(month: MonthFile, prepared: Prepared) -> str | None:
    """A sentence on a month of which nearly all trips are quarantined; None on any other."""
    span = span_of(prepared.path)
    quarantined = span.trips - span.valid_trips
    if not is_nearly_all(quarantined, span.trips):
        return None
    rule = next(iter(broken_rules(prepared.path)))
    return (
        f"{month.path}: {quarantined:,} of {span.trips:,} trips would be quarantined, most by {rule}:"
        f" it is hardly {month.tlc_month}"
    )
