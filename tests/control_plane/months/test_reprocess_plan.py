"""When a reprocessing may withdraw trips, and what makes two runs the same."""

from datetime import date
from pathlib import Path

import pytest

from control_plane.months.approval import Approval, require_approval
from control_plane.months.reprocess_plan import PlannedFile, ReprocessPlan
from control_plane.sink.publication import Comparison
from producer.months import MonthFile
from schemas.errors import UserError
from schemas.tlc_month import TlcMonth, parse_month

pytestmark = pytest.mark.unit

MONTH = parse_month("green", "2024-01")


def comparison(*, equal: int, only_served: int) -> dict[TlcMonth, Comparison]:
    """A month of which so many trips stay and so many would go."""
    return {MONTH: Comparison(0, 0, 0, equal, 0, only_served, 0)}


def approval(*, yes: bool = False, force: bool = False, answer: bool = False) -> Approval:
    return Approval(yes, force, confirm=lambda _: answer)


def planned(fingerprint: str, month: str = "2024-01") -> PlannedFile:
    file = MonthFile(Path(f"green_tripdata_{month}.parquet"), parse_month("green", month))
    return PlannedFile(file, fingerprint, trips=10, valid_trips=9)


def test_nobody_is_asked_when_no_trip_goes() -> None:
    require_approval(approval(), comparison(equal=10, only_served=0), "r")


def test_trips_go_only_with_a_yes() -> None:
    few = comparison(equal=99, only_served=1)
    require_approval(approval(yes=True), few, "r")
    require_approval(approval(answer=True), few, "r")
    with pytest.raises(UserError, match="nothing was published; r"):
        require_approval(approval(answer=False), few, "r")


def test_a_great_part_of_a_month_goes_only_by_force() -> None:
    many = comparison(equal=90, only_served=10)
    with pytest.raises(UserError, match=r"green 2024-01: 10 served trips \(10%\) .* with --force"):
        require_approval(approval(yes=True), many, "r")
    require_approval(approval(yes=True, force=True), many, "r")


def test_a_run_is_known_by_its_files_whatever_their_order_and_by_its_release() -> None:
    january, february = planned("a"), planned("b", "2024-02")
    run = ReprocessPlan([january, february]).run("release")
    assert ReprocessPlan([february, january]).run("release") == run
    assert ReprocessPlan([planned("other"), february]).run("release") != run
    assert ReprocessPlan([january, february]).run("other") != run
    assert ReprocessPlan([february, january]).months == [MONTH, parse_month("green", "2024-02")]
    assert january.file.month == date(2024, 1, 1)
