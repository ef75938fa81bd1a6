"""Months are replaced as units, whatever became of their trips, and whenever the build is killed."""

from collections.abc import Mapping

from tests.dbt.marts_environments import MartsEnvironment, kill_on_log_line, run
from tests.dbt.synthetic_trips import Rows, month_of_trips, together, windows_of

TRIPS = "trip_id, source_month, pickup_at, dropoff_at, vendor_id, total_amount_cents"
FARES = "taxi_type, pickup_zone_id, window_start, window_end, trips, total_amount_cents, avg_total_amount"
DAYS = "date_day, pickup_zone_id, trips, total_amount_cents"
ZONE_DAYS = (
    "dropoff_at::date as date_day, pickup_zone_id, count(*) as trips,"
    " sum(total_amount_cents) as total_amount_cents"
)


def assert_marts_hold(marts_environment: MartsEnvironment, months: Mapping[str, Rows]) -> None:
    """The marts are what the oracle makes of these trips, whatever was in them before."""
    trips = together(*months.values())
    fares, days = windows_of(trips), trips.aggregate(ZONE_DAYS)
    for mart, columns, expected in (
        ("fct_trips", TRIPS, trips),
        ("fct_zone_fares_15m", FARES, fares),
        ("agg_zone_day", DAYS, days),
    ):
        as_text = expected.select(columns).select("columns(*)::varchar")
        found = marts_environment.rows(f"select {columns} from marts.{mart}")
        assert sorted(found, key=str) == sorted(as_text.fetchall(), key=str), mart


def test_marts_follow_late_trips_and_reissued_and_removed_months_also_after_a_kill(
    marts_environment: MartsEnvironment,
) -> None:
    november, december = month_of_trips("2020-11"), month_of_trips("2020-12")
    removed, untouched = month_of_trips("2021-06"), month_of_trips("2023-12")
    before = {"2020-11": november, "2020-12": december, "2021-06": removed, "2023-12": untouched}
    marts_environment.hold(before)
    run(marts_environment.dbt("build"))
    assert_marts_hold(marts_environment, before)

    # late trips in an old month; a month issued again: fewer trips, and of another vendor; a month gone
    late, reissued = month_of_trips("2020-11", trips=230), month_of_trips("2020-12", trips=150, vendor_id=1)
    after = {"2020-11": late, "2020-12": reissued, "2023-12": untouched}
    marts_environment.hold(after)
    with marts_environment.builds_blocked():
        kill_on_log_line(marts_environment.dbt("run"), "START sql incremental model marts.fct_trips")
        kept = marts_environment.rows(
            "select distinct source_month, vendor_id from marts.fct_trips order by 1"
        )
        assert kept in (
            [("2020-11-01", "2"), ("2020-12-01", "2"), ("2021-06-01", "2"), ("2023-12-01", "2")],
            [("2020-11-01", "2"), ("2020-12-01", "1"), ("2023-12-01", "2")],  # the kill came after the commit
        )
    run(marts_environment.dbt("build"))
    assert_marts_hold(marts_environment, after)
