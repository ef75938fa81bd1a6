"""The progress of a preparation rises from its first query to its last."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from producer.months import Naming
from producer.reading.query_progress import QueryProgress
from producer.synthesis.generate import checked_month, write_month
from schemas.tlc_month import parse_month
from tests.producer.months import preparer_in

pytestmark = pytest.mark.unit


def progress_of(*queries: tuple[tuple[float, float], list[float]]) -> Iterator[float]:
    """What is shown while queries run, each in its stretch, and DuckDB reports these percentages."""
    reported = iter([percent for _, percents in queries for percent in percents])
    progress = QueryProgress(lambda: next(reported))
    for stretch, percents in queries:
        progress.begin(*stretch)
        yield from (progress.percent() for _ in percents)


def test_a_second_query_that_counts_from_zero_goes_on_where_the_first_ended() -> None:
    found = list(progress_of(((0, 40), [0, 50, 100]), ((40, 100), [0, 50, 100])))
    assert found == [0, 20, 40, 40, 70, 100]


def test_a_query_that_falls_back_or_reports_none_does_not_lower_the_progress() -> None:
    assert list(progress_of(((0, 100), [30, 10, -1, 40]))) == [30, 30, 30, 40]


def test_what_a_query_had_reached_does_not_count_for_the_next() -> None:
    """The next step begins while the percentage of the query before is read."""

    def reported() -> float:
        progress.begin(40, 100)
        return 100

    progress = QueryProgress(reported)
    progress.begin(0, 40)
    assert progress.percent() == 40


def test_the_preparation_of_a_month_shows_a_progress_that_never_falls(tmp_path: Path) -> None:
    month = checked_month(parse_month("yellow", "2024-01"), 300_000, seed=1)
    file = write_month(month, tmp_path / month.month.file_name)
    seen: list[float] = []
    preparer = preparer_in(tmp_path, watch=lambda _title, percent: seen.append(percent))
    preparer.prepare(Naming().month_files([file]))
    assert seen == sorted(seen)
    assert seen[-1] > 0
