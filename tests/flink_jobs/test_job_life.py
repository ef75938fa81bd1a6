"""Deploying and stopping the job, as an operator does."""

import pytest

from stack import job, reset
from stack.errors import UserError
from stack.flink_rest import FlinkRest, poll
from stack.parts.flink import JOBMANAGER
from tests.flink_jobs.platform import Platform
from tests.oracle.real_months import real_month

pytestmark = pytest.mark.integration


def test_a_job_stopped_behind_the_topic_goes_on_from_its_savepoint(platform: Platform) -> None:
    month = real_month("green_tripdata_2023-12.parquet")
    assert platform.replay(month, "--speedup", "max").returncode == 0
    job.end(platform.endpoints, reset.JOB)
    job.start(platform.endpoints, reset.JOB)
    assert platform.status().restarts.restored_checkpoint is not None
    (green, *_) = platform.balanced_ledger().entries
    assert (green.windowed, green.quarantined, green.late, green.duplicates) == (63_899, 316, 0, 0)


def test_deploying_a_running_job_leaves_it_alone(platform: Platform) -> None:
    running = platform.status().job_id
    assert job.start(platform.endpoints, reset.JOB).job_id == running
    with pytest.raises(UserError, match="runs already"):
        job.start(platform.endpoints, reset.JOB, fresh=True)


def test_a_job_that_the_cluster_forgot_is_resumed_but_one_stopped_on_purpose_is_not(
    platform: Platform,
) -> None:
    poll(lambda: platform.status().checkpoint, seconds=60, what="a checkpoint")
    forgotten = platform.status().job_id
    platform.part(JOBMANAGER).process.kill()
    poll(lambda: is_forgotten(platform, forgotten), seconds=90, what="a new JobManager")
    job.resume(platform.endpoints)
    assert platform.status().restarts.restored_checkpoint is not None
    job.end(platform.endpoints, reset.JOB)
    job.resume(platform.endpoints)
    assert not platform.status().is_running


def is_forgotten(platform: Platform, job_id: str) -> bool:
    """Whether a JobManager answers with a TaskManager at hand, and does not know the job."""
    flink = FlinkRest(platform.endpoints.flink_rest_url)
    try:
        known = [found.job_id for found in flink.jobs(reset.JOB)]
        return job_id not in known and flink.get("/overview")["slots-available"] > 0
    except UserError:
        return False


def test_an_unknown_job_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="there is no job nonsense; the jobs are: zone_fares"):
        job.deploy("nonsense")
