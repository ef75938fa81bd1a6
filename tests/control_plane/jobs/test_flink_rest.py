"""Flink's REST API when it stumbles."""

import json

import pytest

from control_plane.jobs import flink_rest
from control_plane.jobs.flink_rest import FlinkRest
from schemas.errors import UserError
from tests.producer.tlc_site import tlc_site

JOBS = {"jobs/overview": json.dumps({"jobs": []}).encode()}


def test_a_question_that_fails_inside_flink_is_asked_again() -> None:
    with tlc_site(JOBS) as flink:
        flink.faults = ["500", "503"]
        assert FlinkRest(flink.base_url).jobs("zone_fares") == []


def test_a_flink_that_keeps_failing_is_reported_with_the_way_to_its_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flink_rest, "TRANSIENT_RETRY_SECONDS", 0.1)
    with tlc_site(JOBS) as flink:
        flink.faults = ["500"] * 20
        with pytest.raises(UserError) as refusal:
            FlinkRest(flink.base_url).jobs("zone_fares")
    assert str(refusal.value) == "Flink answered 500 to GET /jobs/overview; see ./taxi logs flink-jobmanager"


def test_a_question_that_flink_refuses_is_not_asked_again() -> None:
    with tlc_site({}) as flink, pytest.raises(UserError, match="Flink answered 404"):
        FlinkRest(flink.base_url).jobs("zone_fares")
    assert len(flink.requests) == 1
