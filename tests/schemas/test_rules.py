"""Each rule breaks exactly beyond its boundary."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import duckdb
import pytest

from schemas.rules import RULES, Rule, broken_rules_sql, is_nearly_all, is_valid_sql

pytestmark = pytest.mark.unit

SOUND: dict[str, Any] = {
    "pickup_at": "2024-02-10 12:00:00",
    "dropoff_at": "2024-02-10 12:10:00",
    "pickup_zone_id": 74,
    "total_amount_cents": 1000,
    "source_month": "2024-02-01",
}


@pytest.fixture(scope="module")
def trip_table() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "create table trip (pickup_at timestamp, dropoff_at timestamp, pickup_zone_id integer,"
            " total_amount_cents bigint, source_month date)"
        )
        yield connection


def judged(table: duckdb.DuckDBPyConnection, **values: Any) -> tuple[object, ...]:
    """What the two SQL texts say of a sound trip of February 2024 with these values changed."""
    table.execute("delete from trip")
    table.execute("insert into trip values (?, ?, ?, ?, ?)", list((SOUND | values).values()))
    (row,) = table.execute(f"select {is_valid_sql()}, {broken_rules_sql()} from trip").fetchall()
    return tuple(row)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({}, id="a sound trip"),
        pytest.param({"dropoff_at": "2024-02-10 12:00:01"}, id="one second"),
        pytest.param({"dropoff_at": "2024-02-11 12:00:00"}, id="exactly 24 hours"),
        pytest.param(
            {"pickup_at": "2024-01-31 00:00:00", "dropoff_at": "2024-01-31 00:10:00"},
            id="a day before the month",
        ),
        pytest.param(
            {"pickup_at": "2024-03-01 23:59:59", "dropoff_at": "2024-03-02 00:10:00"},
            id="a day after the month",
        ),
        pytest.param({"pickup_zone_id": 1}, id="first zone"),
        pytest.param({"pickup_zone_id": 265}, id="last zone"),
        pytest.param({"total_amount_cents": 1}, id="one cent"),
        pytest.param({"total_amount_cents": 1000_00}, id="exactly 1000.00"),
    ],
)
def test_a_trip_on_the_boundary_is_valid(
    trip_table: duckdb.DuckDBPyConnection, values: dict[str, Any]
) -> None:
    assert judged(trip_table, **values) == (True, "")


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("missing_field", {"pickup_at": None}),
        ("missing_field", {"dropoff_at": None}),
        ("missing_field", {"pickup_zone_id": None}),
        ("missing_field", {"total_amount_cents": None}),
        ("dropoff_not_after_pickup", {"dropoff_at": "2024-02-10 12:00:00"}),
        ("dropoff_not_after_pickup", {"dropoff_at": "2024-02-10 11:59:59"}),
        ("longer_than_24h", {"dropoff_at": "2024-02-11 12:00:01"}),
        ("outside_source_month", {"pickup_at": "2024-01-30 23:59:59", "dropoff_at": "2024-01-31 00:10:00"}),
        ("outside_source_month", {"pickup_at": "2024-03-02 00:00:00", "dropoff_at": "2024-03-02 00:10:00"}),
        ("unknown_pickup_zone", {"pickup_zone_id": 0}),
        ("unknown_pickup_zone", {"pickup_zone_id": 266}),
        ("non_positive_total", {"total_amount_cents": 0}),
        ("non_positive_total", {"total_amount_cents": -1}),
        ("implausible_total", {"total_amount_cents": 1000_01}),
    ],
)
def test_a_trip_beyond_a_boundary_breaks_that_rule_only(
    trip_table: duckdb.DuckDBPyConnection, rule: str, values: dict[str, Any]
) -> None:
    assert judged(trip_table, **values) == (False, rule)


def test_broken_rules_are_named_in_the_order_of_their_declaration(
    trip_table: duckdb.DuckDBPyConnection,
) -> None:
    wild = {
        "pickup_at": "2041-08-17",
        "dropoff_at": "2008-12-31",
        "pickup_zone_id": 0,
        "total_amount_cents": -5,
    }
    assert judged(trip_table, **wild) == (
        False,
        "dropoff_not_after_pickup,outside_source_month,unknown_pickup_zone,non_positive_total",
    )


def test_validity_is_never_null_and_says_what_the_named_rules_say(
    trip_table: duckdb.DuckDBPyConnection,
) -> None:
    """Every combination of nulls, edges and wild values."""
    clocks = (None, "2008-12-31", "2024-01-31", "2024-02-10 12:00:00", "2024-02-11 12:00:01", "2041-08-17")
    combinations = list(product(clocks, clocks, (None, 0, 1, 265, 266), (None, -1, 0, 1, 1000_01)))
    trip_table.execute("delete from trip")
    trip_table.executemany("insert into trip values (?, ?, ?, ?, '2024-02-01')", combinations)
    verdicts = trip_table.execute(f"select {is_valid_sql()}, {broken_rules_sql()} from trip").fetchall()
    assert len(verdicts) == 900
    assert [verdict for verdict in verdicts if verdict[0] is not (verdict[1] == "")] == []


@pytest.mark.parametrize(
    ("quarantined", "trips", "expected"),
    [(90, 100, False), (91, 100, True), (901, 1000, True), (0, 0, False)],
)
def test_a_file_with_another_months_name_is_one_of_which_more_than_nine_tenths_break_a_rule(
    quarantined: int, trips: int, expected: bool
) -> None:
    assert is_nearly_all(quarantined, trips) is expected


def test_the_rules_have_the_names_that_are_stored() -> None:
    assert [rule.name for rule in RULES] == [
        "missing_field",
        "dropoff_not_after_pickup",
        "longer_than_24h",
        "outside_source_month",
        "unknown_pickup_zone",
        "non_positive_total",
        "implausible_total",
    ]


@pytest.mark.parametrize(
    ("name", "breaks_when", "reason"),
    [
        ("Bad Name", "true", "lower_snake_case"),
        ("BadName", "true", "lower_snake_case"),
        ("empty", " ", "no predicate"),
    ],
)
def test_a_rule_refuses_nonsense(name: str, breaks_when: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Rule(name, breaks_when)
