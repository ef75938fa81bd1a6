"""What the keeper does with a job whose topic is not the one that it has read."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from control_plane.jobs import keeper
from control_plane.jobs.flink_rest import Job
from control_plane.jobs.keeper import Keeper
from control_plane.jobs.records import JobRecord, JobRecords, JobRun
from schemas.jobs import DEFAULT_JOB
from stack.endpoints import Endpoints
from stack.locks import file_lock
from stack.services.keeper import NAME, keeper_status
from stack.state import Ports

pytestmark = pytest.mark.unit

RUNNING = Job("j1", DEFAULT_JOB, "RUNNING", 0.0, {"running": 1, "total": 1})
KNOWN = "1"


@dataclass
class Flink:
    """A cluster with one job."""

    job: Job | None = RUNNING
    cancelled: list[str] = field(default_factory=list)

    def live_job(self, _name: str) -> Job | None:
        return self.job

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)


@dataclass
class Scene:
    """A keeper, and what it looks after."""

    keeper: Keeper
    flink: Flink
    home: Path

    def status(self) -> str:
        self.keeper.check_jobs()
        return keeper_status(self.home)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, topic_id: str | None) -> Scene:
    class Ends:
        def __init__(self, *_: object) -> None:
            """Of a topic that has this id by now."""

        def topic_id(self) -> str | None:
            return topic_id

    flink = Flink()
    (tmp_path / NAME).mkdir()
    monkeypatch.setattr(keeper, "FlinkRest", lambda _url: flink)
    monkeypatch.setattr(keeper, "TopicEnds", Ends)
    record = JobRecord((JobRun("j1", 1),), topic_id=KNOWN, wanted=True)
    JobRecords(tmp_path).write(DEFAULT_JOB, record)
    endpoints = Endpoints.of_ports(Ports(*range(1, 11)), tmp_path)
    return Scene(Keeper(endpoints), flink, tmp_path)


@pytest.mark.parametrize("topic_id", ["2"])
def test_a_job_that_would_read_a_recreated_topic_from_the_middle_is_stopped(scene: Scene) -> None:
    status = scene.status()
    assert scene.flink.cancelled == ["j1"]
    assert f"{DEFAULT_JOB} is stopped: topic trips was deleted and created again" in status
    assert "./taxi reset" in status
    scene.flink.job = None
    assert "is stopped: topic trips was deleted and created again" in scene.status()
    assert scene.flink.cancelled == ["j1"]


@pytest.mark.parametrize("topic_id", [KNOWN, "", None])
def test_a_job_is_left_alone_while_the_topic_is_the_same_or_kafka_knows_none_yet(scene: Scene) -> None:
    assert scene.status() == f"{DEFAULT_JOB} is on the cluster"
    assert scene.flink.cancelled == []


@pytest.mark.parametrize("topic_id", ["2"])
def test_a_job_that_a_command_has_is_the_commands_to_stop(scene: Scene) -> None:
    with file_lock(scene.home / "jobs" / f"{DEFAULT_JOB}.lock", "waiting"):
        assert "another command holds its lock" in scene.status()
    assert scene.flink.cancelled == []
