"""Flink's REST API when it stumbles."""

import json

import pytest

from control_plane.jobs import flink_rest
from control_plane.jobs.flink_rest import FlinkRest, Job, UnreachableFlinkError
from schemas.errors import TransientError, UserError
from stack.waiting import WaitProgress
from tests.producer.tlc_site import tlc_site

JOBS = {"jobs/overview": json.dumps({"jobs": []}).encode()}


def test_a_question_that_fails_inside_flink_is_asked_again() -> None:
    with tlc_site(JOBS) as flink:
        flink.faults = ["500", "503"]
        assert FlinkRest(flink.base_url).jobs("zone_fares") == []


def test_a_flink_that_keeps_failing_is_reported_with_the_way_to_its_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flink_rest, "PATIENCE_SECONDS", 0.1)
    with tlc_site(JOBS) as flink:
        flink.faults = ["500"] * 20
        with pytest.raises(UserError) as refusal:
            FlinkRest(flink.base_url).jobs("zone_fares")
    assert str(refusal.value) == "Flink answered 500 to GET /jobs/overview; see ./taxi logs flink-jobmanager"


def test_a_question_that_flink_refuses_is_not_asked_again() -> None:
    with tlc_site({}) as flink, pytest.raises(UserError, match="Flink answered 404"):
        FlinkRest(flink.base_url).jobs("zone_fares")
    assert len(flink.requests) == 1


def test_a_flink_that_nobody_serves_is_reported_at_once_and_outlasted_by_those_who_wait() -> None:
    with pytest.raises(
        UnreachableFlinkError, match=r"Flink does not answer at http://127\.0\.0\.1:9"
    ) as silence:
        FlinkRest("http://127.0.0.1:9").jobs("zone_fares")
    assert isinstance(silence.value, TransientError)


@pytest.mark.parametrize(
    ("failures", "text", "is_hopeless"),
    [
        ([], "2 of 9 tasks run", False),
        (
            ["no table"],
            "2 of 9 tasks run; failures: 1, last failure: java.lang.RuntimeException: no table",
            False,
        ),
        (
            ["no table"] * 4,
            "2 of 9 tasks run; failures: 4, last failure: java.lang.RuntimeException: no table",
            True,
        ),
    ],
)
def test_a_job_that_fails_over_and_over_makes_no_progress_by_starting_again(
    failures: list[str], text: str, is_hopeless: bool
) -> None:
    entries = [{"exceptionName": f"java.lang.RuntimeException: {reason}"} for reason in failures]
    answer = json.dumps({"exceptionHistory": {"entries": entries}}).encode()
    job = Job("1", "zone_fares", "RUNNING", 0, {"total": 9, "running": 2, "deploying": 7})
    with tlc_site({"jobs/1/exceptions": answer}) as flink:
        progress = FlinkRest(flink.base_url).start_progress(job)
    assert (str(progress), progress.marks is None) == (text, is_hopeless)


def test_a_savepoint_moves_with_the_subtasks_that_have_written_and_with_the_records_before_its_barriers() -> (
    None
):
    def progress(acknowledged: int, records: int) -> WaitProgress:
        entry = {"is_savepoint": True, "status": "IN_PROGRESS", "num_subtasks": 9, "state_size": 1}
        history = [{**entry, "num_acknowledged_subtasks": acknowledged}]
        task = {"metrics": {"read-records": records, "write-records": records}}
        files = {
            "jobs/1/checkpoints": json.dumps({"history": history}).encode(),
            "jobs/1": json.dumps({"state": "RUNNING", "vertices": [task]}).encode(),
        }
        with tlc_site(files) as flink:
            return FlinkRest(flink.base_url).savepoint_progress("1")

    assert str(progress(4, 10)) == "4 of 9 subtasks have written their part"
    assert len({progress(4, 10), progress(5, 10), progress(4, 11), progress(4, 10)}) == 3
