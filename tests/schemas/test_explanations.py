"""Where a served number comes from, by the SQL functions: every kind of origin, every refusal."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest

from control_plane.sink import table_sets as tables
from control_plane.sink.ddl import statements
from control_plane.sink.explanation import Origin, explain_trip, explain_window
from control_plane.sink.table_sets import DDL_FOLDER
from schemas.errors import UserError
from stack.endpoints import Endpoints
from tests.schemas.explained_trips import END, FILE, MONTH, SERVED, SHADOW, ZONE, Trips, trip_id

pytestmark = pytest.mark.integration

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def database(stack: Endpoints) -> Iterator[str]:
    """The served set and another one, from which months are published."""
    tables.set_up(stack.postgres_dsn, SHADOW)
    yield stack.postgres_dsn
    tables.drop(stack.postgres_dsn, SHADOW)
    Trips(stack.postgres_dsn).clear(SERVED)


@pytest.fixture
def trips(database: str) -> Trips:
    """Empty tables."""
    trips = Trips(database)
    trips.clear(SERVED, SHADOW)
    return trips


def window(trips: Trips, end: datetime = END, taxi_type: str | None = "green") -> list[Origin]:
    return explain_window(trips.dsn, taxi_type, ZONE, end)


def parts(found: list[Origin], *names: str) -> list[Origin]:
    return [origin for origin in found if origin.part in names]


def only(found: list[Origin], name: str) -> Origin:
    (origin,) = parts(found, name)
    return origin


def sums(found: list[Origin]) -> dict[str, tuple[int | None, int | None]]:
    shown = parts(found, "served", "on_time", "late", "published", "difference")
    return {origin.part: (origin.trips, origin.total_amount_cents) for origin in shown}


def went(trips: Trips, number: int) -> list[str]:
    """The places where a trip went, without who wrote and confirmed it."""
    found = explain_trip(trips.dsn, trip_id(number))
    return [
        origin.part for origin in found if origin.part not in {"trip", "release", "publication", "parity"}
    ]


#   18:00          18:05     18:10     18:15
#     |--1--2--3---|--5-------|---------|
#        on time      late                   1 + 2 + 3 dollars, and 5 that came at 18:35
def test_a_window_is_the_sum_of_its_on_time_and_late_trips(trips: Trips) -> None:
    for number in (1, 2, 3):
        trips.on_time(number)
    trips.window(1, 2, 3)
    trips.late(5)
    found = window(trips)
    assert sums(found) == {
        "served": (4, 1100),
        "on_time": (3, 600),
        "late": (1, 500),
        "published": (0, 0),
    }
    assert found[0].says == (
        "green, zone 74 (East Harlem North, Manhattan), 2023-12-24 18:00 to 2023-12-24 18:15:"
        " 4 trips, $11.00, average $2.7500"
    )
    listed = parts(found, "trip")
    assert [origin.trip_id for origin in listed] == [trip_id(number) for number in (1, 2, 3, 5)]
    assert [(origin.details or {})["counted"] for origin in listed] == ["on_time"] * 3 + ["late"]
    assert {(origin.details or {})["source_file"] for origin in listed} == {FILE}


def test_the_trips_add_up_to_what_is_served_whatever_was_published(trips: Trips) -> None:
    for number in (1, 2, 4):
        trips.on_time(number)
    trips.late(3)
    trips.window(1, 2, 4)
    for number in (1, 4, 6):  # the file lacks 2 and 3, and has 6 more
        trips.on_time(number, vendor=2, table_set=SHADOW)
    trips.publish("r1")
    found = window(trips)
    assert sums(found) == {
        "served": (3, 1100),
        "on_time": (3, 700),
        "late": (1, 300),
        "published": (-1, 100),
    }
    listed = parts(found, "trip")
    assert sum(origin.total_amount_cents or 0 for origin in listed) == 1100
    assert [origin.trip_id for origin in parts(found, "withdrawn")] == [trip_id(2), trip_id(3)]
    added = next(origin for origin in listed if origin.trip_id == trip_id(6))
    assert (added.details or {})["added_by_run"] == "r1"
    assert "added by run r1" in added.says


def test_a_window_whose_trips_are_not_what_is_served_says_so(trips: Trips) -> None:
    for number in (1, 2):
        trips.on_time(number)
    trips.window(1)
    assert sums(window(trips))["difference"] == (1, 200)


@pytest.mark.parametrize(
    ("dropoff_at", "is_inside"),
    [("18:00:00", True), ("18:14:59.999", True), ("17:59:59.999", False), ("18:15:00", False)],
)
def test_a_trip_belongs_to_the_window_from_its_start_to_before_its_end(
    trips: Trips, dropoff_at: str, is_inside: bool
) -> None:
    trips.on_time(1)
    trips.window(1)
    trips.on_time(2, dropoff_at=f"2023-12-24 {dropoff_at}")
    assert (len(parts(window(trips), "trip")) == 2) is is_inside


def test_other_zones_and_taxi_types_stay_out(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    trips.on_time(2, zone=75)
    trips.on_time(3, taxi_type="yellow")
    trips.quarantined(4, "non_positive_total", zone=75)
    trips.quarantined(5, "non_positive_total", taxi_type="yellow")
    assert {origin.trip_id for origin in window(trips)} == {None, trip_id(1)}


def test_a_late_trip_names_its_record_and_how_late_it_came(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    trips.late(5, offset=77)
    late = parts(window(trips), "trip")[-1]
    assert "late: arrived 00:30:00 after it ended, as trips/0/77" in late.says
    assert late.details is not None
    assert (late.details["topic"], late.details["partition"], late.details["kafka_offset"]) == (
        "trips",
        0,
        77,
    )


def test_a_refund_names_the_trip_that_it_voids_and_that_one_the_refund(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    trips.quarantined(1, "non_positive_total", trip_id=trip_id(90), cents=-100)
    refund = only(window(trips), "quarantined")
    assert refund.details is not None
    assert (refund.details["rules"], refund.details["refund_of"]) == (["non_positive_total"], str(trip_id(1)))
    assert f"refund of {trip_id(1)}, which counts" in refund.says
    assert went(trips, 1) == ["on_time", "twin"]
    assert went(trips, 90) == ["quarantined", "twin"]


def test_a_quarantined_trip_of_the_same_ride_at_another_amount_is_no_refund(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    trips.quarantined(1, "non_positive_total", trip_id=trip_id(90), cents=-99)
    assert "refund" not in only(window(trips), "quarantined").says
    assert went(trips, 1) == ["on_time"]


def test_what_broke_rules_in_the_window_is_listed_with_all_of_them(trips: Trips) -> None:
    trips.window(1)
    trips.on_time(1)
    trips.quarantined(4, "longer_than_24h", "implausible_total")
    trips.quarantined(4, "longer_than_24h", "implausible_total", offset=999)
    trips.quarantined(6, "missing_field", dropoff_at=None)
    says = only(window(trips), "quarantined").says
    assert "breaks longer_than_24h and implausible_total" in says
    assert says.endswith("as trips/0/204; arrived 2 times")
    assert went(trips, 4) == ["quarantined", "duplicate"]


def test_a_quarantined_trip_without_a_drop_off_stands_where_it_began(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    trips.quarantined(6, "missing_field")
    trips.execute(
        f"update {SERVED}.quarantined_arrivals set dropoff_at = null, pickup_at = '2023-12-24 18:02'"
    )
    assert "ended at no known time" in only(window(trips), "quarantined").says
    assert parts(window(trips, taxi_type="green"), "quarantined") != []
    with pytest.raises(UserError, match="has not closed yet"):
        window(trips, END + 15 * MINUTE)


def test_of_a_published_month_the_quarantine_is_that_of_its_file(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    trips.quarantined(4, "non_positive_total")
    trips.on_time(1, table_set=SHADOW)
    trips.quarantined(8, "implausible_total", table_set=SHADOW)
    trips.publish("r1")
    found = only(window(trips), "quarantined")
    assert (found.trip_id, (found.details or {})["run"]) == (trip_id(8), "r1")
    assert went(trips, 8) == ["quarantined"]
    assert went(trips, 4) == ["quarantined"]


def test_copies_are_counted_and_those_that_came_late_have_an_address(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    trips.repeated(1, copies=2)
    trips.late(1, offset=50)
    trips.late(5, offset=60)
    trips.late(5, offset=61)
    copies = parts(window(trips), "duplicate")
    assert [origin.trip_id for origin in copies] == [trip_id(1), trip_id(1), trip_id(5)]
    assert "2 more times while its minute was open" in copies[0].says
    assert [(origin.details or {}).get("kafka_offset") for origin in copies] == [None, 50, 61]
    assert went(trips, 1) == ["on_time", "duplicate", "duplicate"]
    assert went(trips, 5) == ["late", "duplicate"]


def test_records_that_nobody_can_read_are_counted_by_their_arrival(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    trips.dead_letter(1)
    trips.dead_letter(2, at="2023-12-24 18:14:59")
    trips.dead_letter(3, at="2023-12-24 18:15")
    letters = only(window(trips), "dead_letter")
    assert letters.details == {"records": 2}
    assert letters.says.startswith("2 records that cannot be decoded arrived in these 15 minutes")


def test_rows_that_postgres_refused_are_told_by_zone_and_window(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    place = {"taxi_type": "green", "pickup_zone_id": "74"}
    trips.refused("on_time_windows", 1, window_end="2023-12-24T18:15", trips="3", **place)
    trips.refused("on_time_windows", 2, window_end="2023-12-24T18:16", trips="3", **place)
    trips.refused("all_trips", 3, dropoff_at="2023-12-24T18:03:10", trip_id=str(trip_id(3)), **place)
    trips.refused(
        "all_trips", 4, dropoff_at="2023-12-24T18:03:10", trip_id=str(trip_id(4)), taxi_type="green",
        pickup_zone_id="75",
    )  # fmt: skip
    found = parts(window(trips), "dead_letter")
    assert [(origin.details or {})["table"] for origin in found] == ["on_time_windows", "all_trips"]
    assert [origin.trip_id for origin in found] == [None, trip_id(3)]
    assert went(trips, 3) == ["dead_letter"]


def test_a_row_that_was_refused_for_its_id_is_told_without_it(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    place = {"taxi_type": "green", "pickup_zone_id": "74", "dropoff_at": "2023-12-24T18:03:10"}
    for number, wrong in enumerate(("no uuid", "", f"{trip_id(3)}0")):
        trips.refused("all_trips", number, trip_id=wrong, **place)
    assert [origin.trip_id for origin in parts(window(trips), "dead_letter")] == [None, None, None]


def test_the_release_is_the_one_that_last_wrote_the_window(trips: Trips) -> None:
    trips.window(1)
    trips.on_time(1)
    assert "a release that is not recorded" in only(window(trips), "release").says
    trips.started(release=1)
    trips.window(1, end=END + MINUTE)
    trips.on_time(5, dropoff_at="2023-12-24 18:15:30")
    trips.started(release=2)
    trips.window(1, end=END + 2 * MINUTE)
    assert [
        (only(window(trips, END + minutes * MINUTE), "release").details or {}).get("release")
        for minutes in range(3)
    ] == [None, 1, 2]
    says = only(window(trips, END + MINUTE), "release").says
    assert says.startswith(
        "the on-time window was written by release 1 of zone_fares (commit 1a2b3c4), trip schema version 2,"
        " run job-1 since "
    )
    assert (only(explain_trip(trips.dsn, trip_id(5)), "release").details or {})["release"] == 1


def test_runs_of_another_table_set_wrote_nothing_here(trips: Trips) -> None:
    trips.started(release=1)
    trips.execute("update taxi.job_runs set table_set = 'taxi_2'")
    trips.window(1)
    assert only(window(trips), "release").details == {}


def test_the_newest_comparison_confirms_the_month_or_does_not(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    missing = only(window(trips), "parity")
    assert missing.says.endswith("./taxi parity --taxi-type green --month 2023-12")
    trips.compared("r1", unexplained=4)
    assert "4 unexplained; it does NOT confirm them" in only(window(trips), "parity").says
    trips.compared("r2")
    newest = only(window(trips), "parity")
    assert newest.details is not None
    assert (newest.details["run"], newest.details["confirms"]) == ("r2", True)
    assert newest.says.startswith("Spark run r2 compared green 2023-12 with the rows of the stream on ")
    assert newest.says.endswith("1,000 windows equal, 3 explained, 0 unexplained; it confirms them")


def test_a_run_that_differs_from_what_is_served_and_was_not_published_confirms_nothing(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    trips.compared("r1", beside="served")
    refused = only(window(trips), "parity")
    assert (refused.details or {})["confirms"] is False
    assert refused.says.endswith("3 explained, 0 unexplained; it does NOT confirm them")


def test_the_run_that_replaced_the_month_is_named_with_what_it_changed(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    for number in (1, 6):
        trips.on_time(number, table_set=SHADOW)
    trips.compared("r1", beside="served")
    trips.publish("r1")
    found = window(trips)
    assert only(found, "publication").says.startswith("green 2023-12 was replaced by run r1 (Spark) on ")
    assert only(found, "publication").says.endswith(f": 1 added, 0 withdrawn, 0 changed, from {FILE}")
    assert only(found, "parity").says.endswith("0 unexplained; then it replaced them")


def test_a_trip_that_a_publication_changed_says_what_it_was(trips: Trips) -> None:
    trips.on_time(1, vendor=1)
    trips.on_time(1, vendor=2, table_set=SHADOW)
    trips.publish("r1")
    trips.execute(f"update {SHADOW}.all_trips set vendor_id = 6")
    trips.publish("r2")
    assert went(trips, 1) == ["on_time", "published_over", "published_over"]
    first, second = parts(explain_trip(trips.dsn, trip_id(1)), "published_over")
    assert (first.details or {})["changed"] == {"vendor_id": [1, 2]}
    assert first.says.startswith("run r1 published over it on ")
    assert second.says.endswith("vendor_id was 2, is 6")


def test_trips_that_publications_add_withdraw_and_remove_say_which(trips: Trips) -> None:
    trips.on_time(2)
    trips.late(3)
    for number in (6, 7):
        trips.on_time(number, table_set=SHADOW)
    trips.publish("r1")
    trips.execute(f"delete from {SHADOW}.all_trips where trip_id = %(id)s", {"id": trip_id(7)})
    trips.publish("r2")
    assert went(trips, 2) == ["on_time", "withdrawn"]
    assert went(trips, 3) == ["late", "withdrawn"]
    assert went(trips, 6) == ["published"]
    assert went(trips, 7) == ["removed"]
    (removed,) = parts(explain_trip(trips.dsn, trip_id(7)), "removed")
    assert (removed.details or {})["run"] == "r2"
    withdrawn = only(explain_trip(trips.dsn, trip_id(2)), "withdrawn")
    assert withdrawn.says.startswith("counts no more: run r1 published 2023-12 on ")


def test_a_trip_that_was_never_seen_is_told_in_sql_by_a_row(trips: Trips) -> None:
    with psycopg.connect(trips.dsn) as connection:
        rows = connection.execute("select part from taxi.explain_trip(%s)", [trip_id(1)]).fetchall()
    assert rows == [("never_seen",)]
    with pytest.raises(UserError, match=f"no trip {trip_id(1)} was ever seen"):
        explain_trip(trips.dsn, trip_id(1))


def test_without_a_taxi_type_it_is_the_only_one_with_trips(trips: Trips) -> None:
    trips.window(1)
    assert (window(trips, taxi_type=None)[0].details or {})["taxi_type"] == "green"
    trips.window(2, taxi_type="yellow")
    with pytest.raises(UserError, match="yellow and green have trips in zone 74"):
        window(trips, taxi_type=None)
    with pytest.raises(UserError, match="no taxi type has trips"):
        window(trips, END + MINUTE, taxi_type=None)


@pytest.mark.parametrize(
    ("taxi_type", "zone", "end", "says"),
    [
        ("purple", 74, "2023-12-24 18:15", "there is no taxi type purple; there is: yellow, green, fhvhv"),
        ("green", 266, "2023-12-24 18:15", "there is no taxi zone 266; zones are numbers from 1 to 265"),
        ("green", 0, "2023-12-24 18:15", "there is no taxi zone 0"),
        (
            "green",
            74,
            "2023-12-24 18:15:30",
            "no window ends at 2023-12-24 18:15:30: windows end on a minute",
        ),
        ("green", 74, "2023-12-24 18:16", "has not closed yet: the newest closed window of green ends at"),
        ("green", 74, "2022-03-24 18:15", "no green trips of 2022-03 are served; the first, the newest and"),
        ("yellow", 74, "2023-12-24 18:15", "no yellow trips of 2023-12 are served; none is served yet"),
    ],
)
def test_a_question_without_an_answer_gets_a_sentence(
    trips: Trips, taxi_type: str, zone: int, end: str, says: str
) -> None:
    trips.window(1)
    with pytest.raises(UserError) as refusal:
        explain_window(trips.dsn, taxi_type, zone, datetime.fromisoformat(end))
    assert says in str(refusal.value)


def test_an_infinite_window_is_refused(trips: Trips) -> None:
    with psycopg.connect(trips.dsn) as connection, pytest.raises(psycopg.errors.InvalidParameterValue):
        connection.execute("select taxi.explain_window('green', 74, 'infinity')")


def test_a_closed_window_without_trips_is_an_answer(trips: Trips) -> None:
    trips.window(1)
    trips.quarantined(2, "missing_field", dropoff_at=END - 20 * MINUTE)
    found = window(trips, END - 15 * MINUTE)
    assert sums(found)["served"] == (0, 0)
    assert found[0].says.endswith("no trip counts, so no row is served")
    assert len(parts(found, "quarantined")) == 1


def test_a_served_window_that_is_still_open_says_so_unless_its_month_is_published(trips: Trips) -> None:
    trips.window(1)
    trips.late(14, dropoff_at=END)
    assert window(trips, END + MINUTE)[0].says.endswith("; the window is still open")
    trips.on_time(14, table_set=SHADOW, dropoff_at=END)
    trips.publish("r1")
    assert not (window(trips, END + MINUTE)[0].details or {})["is_open"]
    assert sums(window(trips, END + 60 * MINUTE))["served"] == (0, 0)


def test_a_reader_may_ask_and_may_not_look_into_the_tables_of_the_set(trips: Trips) -> None:
    trips.on_time(1)
    trips.window(1)
    with psycopg.connect(trips.dsn) as connection:
        connection.execute("create role taxi_reader")
        for path in sorted((DDL_FOLDER / "shared").glob("*.sql")):
            for statement in statements(path.read_text("utf-8")):
                connection.execute(statement.encode())
        connection.execute("set local role taxi_reader")
        asked = (
            "select count(*) from taxi.explain_window('green', 74, '2023-12-24 18:15') where part = 'trip'"
        )
        assert connection.execute(asked).fetchone() == (1,)
        assert connection.execute("select taxi.explain_trip(gen_random_uuid())").fetchall() != []
        for text in (f"select from {SERVED}.all_trips", "select taxi.served_function('x(text)')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(text.encode())
        connection.rollback()


def test_a_set_of_a_release_that_cannot_explain_says_so(trips: Trips) -> None:
    trips.execute("create schema taxi_9; insert into taxi.switches (table_set) values ('taxi_9')")
    try:
        with pytest.raises(UserError, match="the release that wrote taxi_9 cannot explain its numbers"):
            window(trips)
    finally:
        trips.execute("delete from taxi.switches where table_set = 'taxi_9'; drop schema taxi_9")


def test_every_function_for_users_and_every_column_of_the_runs_has_a_comment(trips: Trips) -> None:
    with psycopg.connect(trips.dsn) as connection:
        (described,) = connection.execute(
            "select count(*) from pg_proc where pronamespace = 'taxi'::regnamespace"
            " and obj_description(oid, 'pg_proc') <> ''"
        ).fetchone() or (0,)
        bare = connection.execute(
            "select attname from pg_attribute where attrelid = 'taxi.job_runs'::regclass and attnum > 0"
            " and col_description(attrelid, attnum) is null"
        ).fetchall()
    assert (described, bare) == (3, [])


def test_a_month_is_told_by_the_trips_of_the_window_and_by_its_clock(trips: Trips) -> None:
    """A trip of the January file may have ended in December."""
    trips.on_time(1, month=MONTH + timedelta(days=31))
    trips.window(1)
    assert [(origin.details or {})["month"] for origin in parts(window(trips), "parity")] == ["2024-01"]
