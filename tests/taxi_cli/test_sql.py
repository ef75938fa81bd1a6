"""`./taxi sql` on real tables: what it prints, and what it refuses."""

import pytest

from stack.endpoints import Endpoints
from tests.taxi_cli.conftest import InProcess

pytestmark = pytest.mark.integration


@pytest.fixture
def sql(stack: Endpoints, taxi_here: InProcess, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """`./taxi …` beside the tables."""
    monkeypatch.setattr(Endpoints, "of_platform", lambda *_: stack)
    return taxi_here


def test_values_and_names_of_columns_are_printed_as_they_are(sql: InProcess) -> None:
    statement = r"""select E'\\[bold]x' as "[red]a", 'root:x:0' as b, E'\x1b[31mz' as c"""
    done = sql("sql", statement)
    assert done.stdout.split() == ["[red]a", "b", "c", r"\[bold]x", "root:x:0", r"\x1b[31mz", "1", "row"]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "dearest-zones",
            'syntax error at or near "dearest"; write SQL, or the name of a question: fares-now,',
        ),
        ("selekt 1", 'error: Postgres reports: syntax error at or near "selekt"'),
        (
            "copy taxi.zones to stdout",
            "error: COPY has no rows that this command can show; use ./taxi sql --csv",
        ),
        ("copy taxi.zones from stdin", "error: COPY has no rows that this command can show"),
        ("select * from taxi.nowhere", 'error: Postgres reports: relation "taxi.nowhere" does not exist'),
    ],
)
def test_a_statement_without_an_answer_gets_one_line(sql: InProcess, statement: str, says: str) -> None:
    done = sql("sql", statement)
    assert done.code == 1
    assert says in done.the_one_line
    assert done.stdout == ""


@pytest.mark.parametrize("statement", ["", ";", "-- nothing"])
def test_nothing_to_run_is_said(sql: InProcess, statement: str) -> None:
    done = sql("sql", "--", statement)
    assert (done.code, done.stdout, done.stderr) == (0, "", "nothing to run\n")
