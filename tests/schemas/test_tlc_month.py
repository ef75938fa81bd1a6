"""Months as the user writes them."""

from datetime import date

import pytest

from schemas.errors import UserError
from schemas.tlc_month import TlcMonth, parse_month, parse_months

pytestmark = pytest.mark.unit


def test_a_month_has_the_file_name_of_the_tlc() -> None:
    assert parse_month("green", "2024-01").file_name == "green_tripdata_2024-01.parquet"


def test_a_range_includes_both_ends_and_crosses_the_year() -> None:
    months = parse_months("green", ["2023-11:2024-02"])
    assert [month.text for month in months] == ["2023-11", "2023-12", "2024-01", "2024-02"]


def test_months_come_in_order_and_once() -> None:
    months = parse_months("green", ["2024-02", "2024-01:2024-02", "2024-01"])
    assert [month.text for month in months] == ["2024-01", "2024-02"]


@pytest.mark.parametrize(
    ("taxi_type", "first"), [("yellow", "2009-01"), ("green", "2013-08"), ("fhvhv", "2019-02")]
)
def test_the_first_month_of_a_taxi_type_is_one(taxi_type: str, first: str) -> None:
    assert parse_month(taxi_type, first).text == first


def test_a_day_in_the_middle_is_no_month() -> None:
    with pytest.raises(UserError, match="2024-01-02 is not the first day of a month"):
        TlcMonth("green", date.fromisoformat("2024-01-02"))


@pytest.mark.parametrize(
    ("taxi_type", "month", "reason"),
    [
        ("red", "2024-01", "unknown taxi type 'red'"),
        ("fhv", "2024-01", "have no fares in the TLC's data"),
        ("green", "2024-13", "not a month"),
        ("green", "2024-1", "not a month"),
        ("green", "january", "not a month"),
        ("green", "0000-01", "not a month"),
        ("green", "9999-12", "not a month"),
        ("green", "2013-07", "first green month is 2013-08"),
        ("yellow", "2008-12", "first yellow month is 2009-01"),
        ("fhvhv", "2019-01", "first fhvhv month is 2019-02"),
        ("green", "2024-02:2024-01", "ends before it begins"),
        ("green", "2024-02:", "has no end"),
    ],
)
def test_nonsense_is_refused_with_its_reason(taxi_type: str, month: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        parse_months(taxi_type, [month])
