"""The page of ten questions: its queries are those of `./taxi sql`, its answers those of the real month."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from control_plane.sink import table_sets as tables
from control_plane.sink.table_sets import FIRST_SET
from stack.settings import ROOT
from taxi_cli.questions import QUESTIONS, Question, query_named
from tests.dbt.live_tables import LiveTables
from tests.dbt.marts_environments import PostgresMarts, run
from tests.lone_postgres import lone_postgres
from tests.oracle.oracle import Oracle
from tests.oracle.real_months import real_month

PAGE = ROOT / "docs" / "how-to" / "ten-questions.md"
SECTION = re.compile(
    r"^## (?P<text>[^\n]+)\n\n```sh\n\./taxi sql (?P<name>\S+)\n```\n\n```sql\n(?P<query>.+?)```\n\n"
    r"```text\n(?P<answer>.+?)\n```\n",
    re.MULTILINE | re.DOTALL,
)
A_MONTH = pytest.mark.long("fills the tables with a month; make test checks the queries and the views apart")
A_FRIDAY_EVENING = "2023-12-15 18:30"
QUARANTINED = f"""
insert into {FIRST_SET}.quarantined_arrivals (
    topic, partition, kafka_offset, arrived_at, trip_id, taxi_type, rules, source_file, source_month
)
values ('trips', 0, %s, '2023-12-31', %s, %s, %s, %s, %s)
"""

Row = tuple[str, ...]


@dataclass(frozen=True)
class Answered:
    """What the page says of a question."""

    text: str
    query: str
    answer: str

    @property
    def rows(self) -> list[Row]:
        """The header, and the rows, as text; columns are two spaces or more apart."""
        return [tuple(re.split(r"\s{2,}", line.strip())) for line in self.answer.splitlines()]


@dataclass(frozen=True)
class December:
    """Green December 2023 in a Postgres of its own, and what an independent reading of the file says."""

    dsn: str
    oracle: Oracle

    def answer(self, question: Question) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Ask; of `fares-now`, at a moment of the month. Nothing stays changed."""
        with psycopg.connect(self.dsn) as connection:
            if question.name == "fares-now":
                later = f"delete from {FIRST_SET}.on_time_windows where window_end > %s"
                connection.execute(later.encode(), [A_FRIDAY_EVENING])
            cursor = connection.execute(question.query.encode())
            found = [column.name for column in cursor.description or ()], cursor.fetchall()
            connection.rollback()
            return found


@pytest.fixture(scope="module")
def december(tmp_path_factory: pytest.TempPathFactory) -> Iterator[December]:
    """The month as the stream and dbt leave it."""
    oracle = Oracle([real_month("green_tripdata_2023-12.parquet")], "green", "2023-12")
    folder = tmp_path_factory.mktemp("december")
    with lone_postgres(folder / "postgres") as dsn:
        tables.set_up(dsn)
        live = LiveTables(dsn, folder)
        live.hold(oracle.valid_trips(), oracle.zone_fares_15m())
        refused = (
            oracle.quarantined().select("trip_id, taxi_type, rules, source_file, source_month").fetchall()
        )
        with psycopg.connect(dsn) as connection:
            connection.cursor().executemany(QUARANTINED, [(at, *trip) for at, trip in enumerate(refused)])
        run(PostgresMarts(live, folder).dbt("build"))
        yield December(dsn, oracle)


def on_the_page() -> dict[str, Answered]:
    return {
        found["name"]: Answered(found["text"], found["query"], found["answer"])
        for found in SECTION.finditer(PAGE.read_text("utf-8"))
    }


@pytest.mark.unit
def test_the_page_has_the_ten_questions_with_the_queries_of_the_command() -> None:
    assert len(QUESTIONS) == 10
    expected = [(question.name, question.text, question.query) for question in QUESTIONS]
    assert [(name, found.text, found.query) for name, found in on_the_page().items()] == expected


@pytest.mark.unit
def test_every_file_of_a_query_is_a_question() -> None:
    files = {path.stem for path in (ROOT / "taxi_cli" / "questions").glob("*.sql")}
    assert files == {question.name for question in QUESTIONS}


@pytest.mark.unit
def test_a_statement_that_names_no_question_is_run_as_it_is() -> None:
    assert query_named("select 1") == "select 1"
    assert query_named("days").startswith("select\n    window_start::date as day")


@pytest.mark.integration
@A_MONTH
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_the_answer_on_the_page_is_that_of_the_real_month(question: Question, december: December) -> None:
    columns, rows = december.answer(question)
    # An empty cell leaves no trace in a printed table.
    answer = [tuple(columns), *(tuple(str(value) for value in row if value is not None) for row in rows)]
    assert rows
    assert on_the_page()[question.name].rows == answer


def asked(december: December, name: str) -> list[tuple[Any, ...]]:
    (question,) = (question for question in QUESTIONS if question.name == name)
    return december.answer(question)[1]


@pytest.mark.integration
@A_MONTH
def test_what_was_left_out_is_what_an_independent_reading_of_the_file_leaves_out(december: December) -> None:
    assert dict(asked(december, "left-out")) == december.oracle.rule_counts()


@pytest.mark.integration
@A_MONTH
def test_quarter_hours_add_up_to_the_trips_of_the_file(december: December) -> None:
    trips = december.oracle.valid_trips()
    by_zone = trips.filter("dropoff_at >= '2023-12-01' and dropoff_at < '2024-01-01'").aggregate(
        "pickup_zone_id, count(*) as trips, round(sum(total_amount_cents) / 100 / count(*), 2) as dollars"
    )
    busiest = by_zone.order("trips desc").limit(5).select("trips, dollars").fetchall()
    shown = [(int(row[2]), float(row[3])) for row in asked(december, "busiest-zones")]
    assert shown == [(trips, float(dollars)) for trips, dollars in busiest]
    by_day = trips.aggregate("dropoff_at::date as day, count(*) as trips").fetchall()
    assert {day: int(count) for day, count, _ in asked(december, "days")}.items() <= dict(by_day).items()
