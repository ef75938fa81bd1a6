"""Ten questions of an analyst and their queries, for the month that `./taxi demo` replays.

docs/how-to/ten-questions.md has the answers; a test compares them with those of the real month.
"""

from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Question:
    """A question and the file of its query."""

    name: str
    text: str

    @property
    def query(self) -> str:
        """The SQL."""
        return (files("taxi_cli.questions") / f"{self.name}.sql").read_text("utf-8")


QUESTIONS = (
    Question("fares-now", "What does a trip cost now, and where is it most expensive?"),
    Question("busiest-zones", "Which zones have the most pickups, and what does a trip cost there?"),
    Question("days", "How many trips were there each day, and what did they cost?"),
    Question("hours", "At which hours of the day is a trip most expensive?"),
    Question("peak", "Which quarters of an hour had the most trips of a zone?"),
    Question("routes", "Which routes are most frequent, how long do they take and what do they cost?"),
    Question("payments", "How do passengers pay, and how much do they tip by card?"),
    Question("left-out", "Which trips are in no window, and why?"),
    Question("holidays", "How does a holiday compare with the days around it?"),
    Question("unusual", "Which fares were unusual for their zone, weekday and hour?"),
)
"""Those from `holidays` on read the marts: ./taxi marts builds them."""


def query_named(statement: str) -> str:
    """Return the query of the question of this name, else the statement itself."""
    return next((question.query for question in QUESTIONS if question.name == statement), statement)
