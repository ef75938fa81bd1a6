"""The watchdog's decisions, without Airflow."""

from typing import Any

from airflow_dags.watch import BUDGET, BUDGET_SECONDS, PATIENCE_SECONDS, WatchdogState, decide

NOW = 1_700_000_000.0


def status(verdict: str) -> dict[str, Any]:
    return {"verdict": {"name": verdict, "reason": f"it is {verdict}"}}


def test_a_healthy_job_is_left_alone_and_old_troubles_are_forgotten() -> None:
    decision = decide(status("healthy"), WatchdogState(degraded_since=NOW - 10, alerted_for="down"), NOW)
    assert decision.action == "nothing"
    assert decision.memory == WatchdogState()


def test_a_lost_job_is_brought_back_until_the_budget_is_spent_and_then_people_are_told_once() -> None:
    memory, actions = WatchdogState(), []
    for look in range(BUDGET + 2):
        decision = decide(status("down"), memory, NOW + look)
        actions.append(decision.action)
        memory = decision.memory.healed(NOW + look) if decision.action == "heal" else decision.memory
    assert actions == [*["heal"] * BUDGET, "alert", "nothing"]


def test_an_hour_later_there_is_a_budget_again() -> None:
    spent = WatchdogState(heals=(NOW,) * BUDGET)
    assert decide(status("down"), spent, NOW + BUDGET_SECONDS - 1).action == "alert"
    assert decide(status("down"), spent, NOW + BUDGET_SECONDS).action == "heal"


def test_a_degraded_job_is_told_of_when_it_lasts() -> None:
    first = decide(status("degraded"), WatchdogState(), NOW)
    assert first.action == "nothing"
    assert decide(status("degraded"), first.memory, NOW + PATIENCE_SECONDS - 1).action == "nothing"
    late = decide(status("degraded"), first.memory, NOW + PATIENCE_SECONDS)
    assert late.action == "alert"
    assert decide(status("degraded"), late.memory, NOW + PATIENCE_SECONDS + 60).action == "nothing"


def test_what_is_remembered_survives_being_kept() -> None:
    memory = WatchdogState((NOW, NOW + 1), NOW, "degraded")
    assert WatchdogState.of_json(memory.as_json()) == memory
    assert WatchdogState.of_json(None) == WatchdogState()
