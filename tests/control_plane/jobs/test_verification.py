"""The judgement on a new release, from looks at it second by second."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from control_plane.jobs.verification import (
    POLLS,
    Baseline,
    Observation,
    VerificationResult,
    evaluate,
    milestones,
)

pytestmark = pytest.mark.unit

OBSERVATION = Observation(
    state="RUNNING",
    all_tasks_run=True,
    restarts=0,
    failure="",
    checkpoints_completed=1,
    watermark_ms=1_000,
    event_clocks_ms=(1_000, 1_000),
    lag_records=0,
    records_read=0,
)
BEFORE = Baseline(OBSERVATION, OBSERVATION)


def observations(**series: Any) -> list[Observation]:
    """Five looks; a field that is given a list has one value a look, any other the same in each."""
    return [replace(OBSERVATION, **dict(one)) for one in _rows(series)]


def _rows(series: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number in range(POLLS):
        yield {name: value[number] if isinstance(value, list) else value for name, value in series.items()}


def flowing(**series: Any) -> list[Observation]:
    """Five looks at a job that reads ten records a second while the publishers' clocks go on."""
    clocks = [(2_000 + 100 * number, 2_000 + 100 * number) for number in range(POLLS)]
    read = [10 * number for number in range(POLLS)]
    return observations(event_clocks_ms=clocks, records_read=read, **series)


def test_a_table_that_refused_rows_of_the_previous_release_is_no_fault_of_this_one() -> None:
    refusing = replace(OBSERVATION, refusing_tables=frozenset({"all_trips"}))
    seen = observations(refusing_tables=refusing.refusing_tables)
    assert evaluate(Baseline(refusing, refusing), seen).outcome == "passed"


def test_a_release_that_keeps_up_passes() -> None:
    assert evaluate(BEFORE, flowing(watermark_ms=[1_900, 2_000, 2_100, 2_200, 2_300])) == VerificationResult(
        "passed"
    )


def test_a_release_that_gets_no_records_passes_without_a_watermark() -> None:
    assert evaluate(BEFORE, observations(watermark_ms=None)).outcome == "passed"


@pytest.mark.parametrize(
    ("seen", "outcome", "reason"),
    [
        (observations(restarts=[0, 0, 0, 0, 1], failure="no table"), "failed", "it restarted (no table)"),
        (observations(state=["RUNNING"] * 4 + ["FAILED"]), "failed", "it is FAILED"),
        (
            observations(refusing_tables=frozenset({"all_trips"})),
            "failed",
            "Postgres refuses its rows for all_trips",
        ),
        (observations(all_tasks_run=[True, True, False, True, True]), "open", "not all of its tasks ran"),
        (observations()[1:], "open", "not all of its tasks ran"),
        (observations(checkpoints_completed=0), "open", "it completed no checkpoint"),
        (flowing(watermark_ms=[500, 600, 700, 800, 900]), "open", "behind where it was"),
        (flowing(watermark_ms=None), "open", "behind where it was"),
        (flowing(watermark_ms=2_000), "open", "does not advance"),
        (observations(lag_records=[1, 2, 3, 4, 5]), "open", "its lag grows: 1 to 5"),
    ],
)
def test_what_is_missing_is_told(seen: list[Observation], outcome: str, reason: str) -> None:
    found = evaluate(BEFORE, seen)
    assert found.outcome == outcome
    assert reason in found.reason


def test_a_lag_that_grew_before_the_upgrade_is_not_the_new_release_s_fault() -> None:
    growing = Baseline(replace(OBSERVATION, lag_records=1), replace(OBSERVATION, lag_records=9))
    assert evaluate(growing, observations(lag_records=[11, 12, 13, 14, 15])).outcome == "passed"


def test_trips_that_all_come_late_need_not_move_the_watermark() -> None:
    # Their publisher's clock stands: only its moving on obliges the watermark.
    assert evaluate(BEFORE, observations(records_read=[0, 10, 20, 30, 40])).outcome == "passed"


def test_a_release_that_is_taken_up_without_a_look_before_it_is_judged_by_itself() -> None:
    assert evaluate(None, flowing(watermark_ms=[500, 600, 700, 800, 900])).outcome == "passed"


@pytest.mark.parametrize(
    "later",
    [
        replace(OBSERVATION, records_read=900, lag_records=5, event_clocks_ms=(9_000, 9_000)),
        replace(OBSERVATION, checkpoints_completed=7),
        replace(OBSERVATION, watermark_ms=9_000),
    ],
)
def test_what_goes_on_for_ever_brings_no_release_nearer_to_its_proof(later: Observation) -> None:
    assert milestones(BEFORE, later) == milestones(BEFORE, OBSERVATION)


@pytest.mark.parametrize(
    "earlier",
    [
        replace(OBSERVATION, all_tasks_run=False),
        replace(OBSERVATION, checkpoints_completed=0),
        replace(OBSERVATION, watermark_ms=None),
        replace(OBSERVATION, watermark_ms=500),
    ],
)
def test_tasks_that_run_a_checkpoint_and_a_watermark_that_comes_back_are_steps_of_the_proof(
    earlier: Observation,
) -> None:
    assert milestones(BEFORE, earlier) != milestones(BEFORE, OBSERVATION)
