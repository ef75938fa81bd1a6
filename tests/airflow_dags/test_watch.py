"""The watchdog's decisions, without Airflow."""

from typing import Any

from airflow_dags.watch import BUDGET, BUDGET_SECONDS, PATIENCE_SECONDS, Memory, decide

NOW = 1_700_000_000.0


def status(verdict: str) -> dict[str, Any]:
    return {"verdict": {"name": verdict, "reason": f"it is {verdict}"}}


def test_a_healthy_job_is_left_alone_and_old_troubles_are_forgotten() -> None:
    decision = decide(status("healthy"), Memory(degraded_since=NOW - 10, alerted_for="down"), NOW)
    assert decision.deed == "nothing"
    assert decision.memory == Memory()


def test_a_lost_job_is_brought_back_until_the_budget_is_spent_and_then_people_are_told_once() -> None:
    memory, deeds = Memory(), []
    for look in range(BUDGET + 2):
        decision = decide(status("down"), memory, NOW + look)
        deeds.append(decision.deed)
        memory = decision.memory.healed(NOW + look) if decision.deed == "heal" else decision.memory
    assert deeds == [*["heal"] * BUDGET, "alert", "nothing"]


def test_an_hour_later_there_is_a_budget_again() -> None:
    spent = Memory(heals=(NOW,) * BUDGET)
    assert decide(status("down"), spent, NOW + BUDGET_SECONDS - 1).deed == "alert"
    assert decide(status("down"), spent, NOW + BUDGET_SECONDS).deed == "heal"


def test_a_degraded_job_is_told_of_when_it_lasts() -> None:
    first = decide(status("degraded"), Memory(), NOW)
    assert first.deed == "nothing"
    assert decide(status("degraded"), first.memory, NOW + PATIENCE_SECONDS - 1).deed == "nothing"
    late = decide(status("degraded"), first.memory, NOW + PATIENCE_SECONDS)
    assert late.deed == "alert"
    assert decide(status("degraded"), late.memory, NOW + PATIENCE_SECONDS + 60).deed == "nothing"


def test_what_is_remembered_survives_being_kept() -> None:
    memory = Memory((NOW, NOW + 1), NOW, "degraded")
    assert Memory.of_json(memory.as_json()) == memory
    assert Memory.of_json(None) == Memory()
