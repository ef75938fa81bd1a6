"""`./taxi explain` on real tables: what it prints, for people and for programs, and what it refuses."""

import json
from collections.abc import Iterator

import pytest

from stack.endpoints import Endpoints
from tests.schemas.explained_trips import SERVED, Trips, trip_id
from tests.taxi_cli.conftest import InProcess

WINDOW = ("explain", "window", "green", "74", "2023-12-24 18:15")


@pytest.fixture
def explain(stack: Endpoints, taxi_here: InProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcess]:
    """`./taxi …` where three green trips are served, a refund was refused, and one trip came late."""
    trips = Trips(stack.postgres_dsn)
    trips.clear(SERVED)
    for number in (1, 2):
        trips.on_time(number)
    trips.window(1, 2)
    trips.late(5, file="[bold]late[/bold].parquet")
    trips.quarantined(1, "non_positive_total", trip_id=trip_id(90), cents=-100)
    monkeypatch.setattr(Endpoints, "of_platform", lambda *_: stack)
    yield taxi_here
    trips.clear(SERVED)


@pytest.mark.integration
def test_a_window_is_told_by_sections(explain: InProcess) -> None:
    done = explain(*WINDOW)
    lines = done.stdout.splitlines()
    assert (done.code, done.stderr) == (0, "")
    assert lines[0].startswith("green, zone 74 (East Harlem North, Manhattan), 2023-12-24 18:00 to")
    assert lines[0].endswith(": 3 trips, $8.00, average $2.6667")
    headings = [line for line in lines[1:] if line and not line.startswith(" ")]
    assert headings == ["Adds up from", "Its trips", "Kept out", "Written and confirmed by"]
    assert "  late       1 trip, $5.00: late, added when they came" in lines
    assert f"{trip_id(5)} ended 2023-12-24 18:05:00, $5.00, late" in done.stdout
    assert "breaks non_positive_total" in done.stdout


@pytest.mark.integration
def test_the_name_of_a_file_is_printed_as_it_is(explain: InProcess) -> None:
    assert "from [bold]late[/bold].parquet" in explain(*WINDOW).stdout


@pytest.mark.integration
@pytest.mark.parametrize(
    "arguments",
    [
        ("GREEN", "74", "2023-12-24T18:15"),
        ("g", "74", "2023-12-24 18:15:00"),
        ("any", "74", "2023-12-24 18:15"),
    ],
)
def test_type_and_time_may_be_written_in_several_ways(explain: InProcess, arguments: tuple[str, ...]) -> None:
    assert explain("explain", "window", *arguments).stdout == explain(*WINDOW).stdout


@pytest.mark.integration
def test_json_is_what_the_sql_function_says(explain: InProcess, stack: Endpoints) -> None:
    rows = json.loads(explain(*WINDOW, "--json").stdout)
    served = rows[0]
    assert [row["part"] for row in rows][:4] == ["served", "on_time", "late", "published"]
    assert (served["trips"], served["total_amount_cents"]) == (3, 800)
    assert served["details"]["window_start"] == "2023-12-24T18:00:00"
    assert {row["trip_id"] for row in rows if row["part"] == "trip"} == {str(trip_id(n)) for n in (1, 2, 5)}


@pytest.mark.integration
def test_long_lists_of_trips_are_cut_unless_all_are_wanted(explain: InProcess, stack: Endpoints) -> None:
    for number in range(20, 45):
        Trips(stack.postgres_dsn).on_time(number, dropoff_at="2023-12-24 18:10")
    cut, whole = explain(*WINDOW).stdout, explain(*WINDOW, "--all").stdout
    assert (cut.count("\n  trip "), whole.count("\n  trip ")) == (20, 28)
    assert "  and 8 more: --all" in cut


@pytest.mark.integration
def test_a_trip_says_where_it_went(explain: InProcess) -> None:
    done = explain("explain", "trip", str(trip_id(90)))
    lines = done.stdout.splitlines()
    assert (done.code, lines[0]) == (0, f"trip {trip_id(90)}")
    assert lines[1].startswith("  quarantined  breaks non_positive_total, so it is in no window")
    assert lines[2] == f"  twin         it refunds {trip_id(1)}, $1.00, which was accepted"
    rows = json.loads(explain("explain", "trip", str(trip_id(5)), "--json").stdout)
    assert [row["part"] for row in rows][:2] == ["trip", "late"]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("window", "green", "300", "2023-12-24 18:15"),
            "error: there is no taxi zone 300; zones are numbers",
        ),
        (
            ("window", "green", "9" * 20, "2023-12-24 18:15"),
            f"error: there is no taxi zone {'9' * 20}; zones",
        ),
        (("window", "green", "74", "2023-12-24 18:15:30"), "error: no window ends at 2023-12-24 18:15:30"),
        (("window", "green", "74", "2023-12-24 18:40"), "error: the window has not closed yet"),
        (("window", "green", "74", "2019-05-24 18:15"), "error: no green trips of 2019-05 are served"),
        (("window", "any", "74", "2023-12-24 18:40"), "error: no taxi type has trips in zone 74"),
        (("trip", str(trip_id(77))), f"error: no trip {trip_id(77)} was ever seen"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_has_no_answer_gets_one_line(explain: InProcess, arguments: tuple[str, ...], says: str) -> None:
    done = explain("explain", *arguments)
    assert done.code == 1
    assert done.the_one_line.startswith(says)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("window", "purple", "74", "2023-12-24 18:15"), "'purple' names no taxi type"),
        (("window", "", "74", "2023-12-24 18:15"), "'' names no taxi type"),
        (
            ("window", "green", "74", "soon"),
            "'soon' is not the end of a window; give New York's wall-clock time",
        ),
        (("window", "green", "74", "2023-12-24"), "'2023-12-24' is not the end of a window"),
        (("window", "green", "74", "2023-12-24T18:15-05:00"), "'2023-12-24T18:15-05:00' is not the end"),
        (("window", "green", "Harlem", "2023-12-24 18:15"), "Invalid value for 'ZONE'"),
        (("trip", "17"), "'17' is not a trip id; a trip_id is a UUID"),
        (("trip", str(trip_id(1))), "the stack is not running"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_argument_is_refused_before_anything_is_asked(
    taxi_here: InProcess, arguments: tuple[str, ...], says: str
) -> None:
    done = taxi_here("explain", *arguments)
    assert done.code in {1, 2}
    assert done.the_one_line.startswith(f"error: {says}")
