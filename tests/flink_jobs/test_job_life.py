"""Deploying and stopping the job, as an operator does."""

import pytest

from stack import job, reset
from stack.errors import UserError
from tests.flink_jobs.platform import Platform
from tests.oracle.real_months import real_month

pytestmark = pytest.mark.integration


def test_a_job_stopped_behind_the_topic_goes_on_from_its_savepoint(platform: Platform) -> None:
    month = real_month("green_tripdata_2023-12.parquet")
    assert platform.replay(month, "--speedup", "max").returncode == 0
    job.end(platform.endpoints, reset.JOB)
    job.start(platform.endpoints, reset.JOB)
    (green, *_) = platform.balanced_ledger().entries
    assert (green.windowed, green.quarantined, green.late, green.duplicates) == (63_899, 316, 0, 0)


def test_deploying_a_running_job_leaves_it_alone(platform: Platform) -> None:
    running = platform.status().job_id
    assert job.start(platform.endpoints, reset.JOB).job_id == running


def test_an_unknown_job_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="there is no job nonsense; the jobs are: zone_fares"):
        job.deploy("nonsense")
