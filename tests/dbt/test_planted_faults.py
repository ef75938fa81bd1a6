"""Each kind of bad row makes exactly the test fail that is meant for it."""

import json
import subprocess
from pathlib import Path

import pytest

from stack.settings import ROOT
from stack.toolchain import environments as bootstrap
from tests.dbt.marts_environments import DuckdbMarts, run
from tests.dbt.synthetic_trips import month_of_trips

pytestmark = pytest.mark.unit

TRIP = "(select min(trip_id) from marts.fct_trips)"
ANOTHER_TRIP = "(select max(trip_id) from marts.fct_trips)"
# A window that ends on no quarter of an hour is in no other sum.
WINDOW = (
    "(select (pickup_zone_id, window_end) from marts.fct_zone_fares_15m"
    " where minute(window_end) % 15 = 7 order by 1 limit 1)"
)
QUARTER = WINDOW.replace("= 7", "= 0")

FAULTS = {
    "a trip has the identity of another": (
        f"update marts.fct_trips set trip_id = {ANOTHER_TRIP} where trip_id = {TRIP}",
        "unique_fct_trips_trip_id",
    ),
    "a trip has no label of its zone": (
        "alter table marts.fct_trips alter pickup_zone_key drop not null;"
        f"update marts.fct_trips set pickup_zone_key = null where trip_id = {TRIP}",
        "not_null_fct_trips_pickup_zone_key",
    ),
    "a trip has a label that no zone has": (
        f"update marts.fct_trips set dropoff_zone_key = 30001 where trip_id = {TRIP}",
        "relationships_fct_trips_dropoff_zone_key__zone_key__ref_dim_zones_",
    ),
    "a trip has an hour that is none": (
        "update marts.fct_trips set pickup_hour_at = pickup_hour_at + interval '1 minute'"
        f" where trip_id = {TRIP}",
        "relationships_fct_trips_pickup_hour_at__hour_at__ref_dim_datetime_",
    ),
    "a trip was paid for in shells": (
        f"update marts.fct_trips set payment_type = 9 where trip_id = {TRIP}",
        "accepted_values_fct_trips_payment_type__False__0__1__2__3__4__5__6",
    ),
    "a trip was stored maybe": (
        f"update marts.fct_trips set store_and_fwd_flag = '?' where trip_id = {TRIP}",
        "accepted_values_fct_trips_store_and_fwd_flag__Y__N",
    ),
    "a trip has a vendor that nobody knows yet": (
        f"update marts.fct_trips set vendor_id = 99 where trip_id = {TRIP}",
        "accepted_values_fct_trips_vendor_id__False__1__2__6__7",
    ),
    "one trip takes days, another less than no time": (
        "update marts.fct_trips set trip_duration_seconds = trip_duration_seconds"
        f" + case trip_id when {TRIP} then 200000 when {ANOTHER_TRIP} then -200000 else 0 end",
        "assert_trips_take_no_longer_than_a_day",
    ),
    "a trip begins in another month": (
        "update marts.fct_trips set pickup_at = pickup_at + interval '70 days'"
        " where trip_id = (select trip_id from marts.fct_trips order by pickup_at limit 1 offset 9)",
        "assert_trips_begin_in_the_month_of_their_file",
    ),
    "one trip costs a fortune, another as much less": (
        "update marts.fct_trips set total_amount_cents = total_amount_cents"
        " + case trip_id when pair.dearer then 200000 else -200000 end from ("
        "select min(trip_id) as dearer, max(trip_id) as cheaper from marts.fct_trips"
        " group by dropoff_hour_at having count(*) > 1 order by dropoff_hour_at limit 1"
        ") as pair where trip_id in (pair.dearer, pair.cheaper)",
        "assert_totals_are_plausible",
    ),
    "the fares of a month are not in its totals": (
        "update marts.fct_trips set fare_amount_cents = fare_amount_cents + 2 where passenger_count < 2",
        "assert_totals_are_the_sum_of_their_parts",
    ),
    "a trip took a second longer than the source says": (
        "update marts.fct_trips set trip_duration_seconds = trip_duration_seconds + 1"
        f" where trip_id = {TRIP}",
        "assert_trips_equal_their_source",
    ),
    "a window is missing": (
        f"delete from marts.fct_zone_fares_15m where (pickup_zone_id, window_end) = {WINDOW}",
        "assert_zone_fares_equal_their_source",
    ),
    "a window stands there twice": (
        "update marts.fct_zone_fares_15m set pickup_zone_id = pair.first, pickup_zone_key = pair.label from ("
        "select window_end, min(pickup_zone_id) as first, max(pickup_zone_id) as other,"
        " min(pickup_zone_key) as label from marts.fct_zone_fares_15m where minute(window_end) % 15 = 7"
        " group by window_end having count(*) > 1 order by window_end limit 1"
        ") as pair where fct_zone_fares_15m.window_end = pair.window_end and pickup_zone_id = pair.other",
        "unique_together_fct_zone_fares_15m_taxi_type__pickup_zone_id__window_end",
    ),
    "a window has another average": (
        "update marts.fct_zone_fares_15m set avg_total_amount = avg_total_amount + 0.01"
        f" where (pickup_zone_id, window_end) = {WINDOW}",
        "assert_average_times_trips_is_the_sum",
    ),
    "a window is sixteen minutes long": (
        "update marts.fct_zone_fares_15m set window_start = window_start - interval '1 minute'"
        f" where (pickup_zone_id, window_end) = {WINDOW}",
        "assert_windows_are_fifteen_minutes_long",
    ),
    "a window counts for another hour": (
        "update marts.fct_zone_fares_15m set window_hour_at = window_hour_at + interval '1 hour'"
        f" where (pickup_zone_id, window_end) = {QUARTER}",
        "assert_quarter_hours_hold_each_trip_once",
    ),
    "a day of a zone is missing": (
        "delete from marts.agg_zone_day where (date_day, pickup_zone_key) ="
        " (select min((date_day, pickup_zone_key)) from marts.agg_zone_day)",
        "assert_zone_days_add_up_to_the_trips",
    ),
    "a day of a zone stands there twice": (
        "update marts.agg_zone_day set pickup_zone_key = pair.first from ("
        "select date_day, min(pickup_zone_key) as first, max(pickup_zone_key) as other"
        " from marts.agg_zone_day"
        " group by date_day having count(*) > 1 order by date_day limit 1"
        ") as pair where agg_zone_day.date_day = pair.date_day and pickup_zone_key = pair.other",
        "unique_together_agg_zone_day_taxi_type__date_day__pickup_zone_key",
    ),
    "a zone has two labels now": (
        "update marts.dim_zones set is_current = true where zone_key = 26401",
        "assert_each_zone_has_one_current_label",
    ),
    "a zone has two labels at a time": (
        "update marts.dim_zones set valid_to = valid_to + interval '1 day' where zone_key = 26401",
        "assert_labels_of_a_zone_follow_one_another",
    ),
    "a zone lies in New Jersey": (
        "update marts.dim_zones set borough = 'Hoboken' where zone_key = 101",
        "accepted_values_dim_zones_borough__Manhattan__Queens__Brooklyn__Bronx__Staten_Island__EWR__Unknown__N_A",
    ),
    "an hour is missing": (
        "delete from marts.dim_datetime where hour_at = timestamp '2020-12-31 21:00:00'",
        "assert_no_hour_is_missing",
    ),
    "an hour takes place three times": (
        "update marts.dim_datetime set real_hours = 3 where hour_at = timestamp '2020-12-31 21:00:00'",
        "accepted_values_dim_datetime_real_hours__False__0__1__2",
    ),
}


@pytest.mark.long("two dozen runs of dbt")
def test_each_kind_of_bad_row_makes_exactly_its_test_fail(tmp_path: Path) -> None:
    marts_environment = DuckdbMarts(tmp_path)
    # None ends between 21 and 22 h on New Year's Eve, so that this hour can be taken away.
    marts_environment.hold({"2020-12": month_of_trips("2020-12")})
    run(marts_environment.dbt("build"))
    failed = failed_tests(marts_environment, {name: fault for name, (fault, _) in FAULTS.items()})
    assert failed == {name: [test] for name, (_, test) in FAULTS.items()}


def failed_tests(marts_environment: DuckdbMarts, faults: dict[str, str]) -> dict[str, list[str]]:
    """Of each fault, the tests that fail on marts that have it."""
    done = subprocess.run(
        [
            str(bootstrap.ensure_environment("transform") / "bin" / "python"),
            str(ROOT / "tests/dbt/planting.py"),
        ],
        env=marts_environment.dbt("test").environment,
        input=json.dumps({"marts": str(marts_environment.database), "faults": faults}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found
