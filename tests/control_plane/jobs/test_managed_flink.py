"""The life of a job on the managed service, against a stand-in that keeps to AWS' own service model."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from control_plane.jobs.backend import UpgradeFailedError
from control_plane.jobs.managed.client import ManagedFlinkClient
from control_plane.jobs.managed.job import ManagedJob
from control_plane.jobs.managed.requests import ApplicationSpec
from control_plane.settings import ManagedFlinkSettings
from schemas.aws import AwsBusyError
from schemas.errors import UserError
from stack.settings import ROOT
from tests.control_plane.jobs.managed_flink_service import ManagedFlink, serving
from tests.producer.s3_server import BUCKET, CREDENTIALS, s3_server

pytestmark = pytest.mark.unit

VARIABLES = {
    "MANAGED_FLINK_CODE_BUCKET": "code",
    "MANAGED_FLINK_CODE_VERSION": "v1",
    "MANAGED_FLINK_ROLE_ARN": "arn:aws:iam::123456789012:role/zone-fares",
    "AWS_REGION": "eu-west-1",
    "POSTGRES_DSN": "postgresql://taxi:secret@db/taxi",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
}

At = Callable[..., ManagedJob]


@pytest.fixture
def service() -> ManagedFlink:
    return ManagedFlink()


@pytest.fixture
def at(service: ManagedFlink, monkeypatch: pytest.MonkeyPatch) -> Iterator[At]:
    """The job with code of a version, as one command sees it."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with serving(service) as url:

        def job(code: str = "v1", **options: bool) -> ManagedJob:
            wanted = {**VARIABLES, "MANAGED_FLINK_ENDPOINT_URL": url, "MANAGED_FLINK_CODE_VERSION": code}
            settings = ManagedFlinkSettings.from_environment("zone_fares", wanted)
            return ManagedJob(
                "zone_fares", settings, ManagedFlinkClient(settings, poll_seconds=0.001), **options
            )

        yield job


def deployed(job: ManagedJob) -> ManagedJob:
    """The job, running."""
    job.deploy(fresh=False, source=ROOT, origin="")
    return job


def changes(service: ManagedFlink) -> list[str]:
    """The requests that changed something."""
    return [call for call in service.calls if not call.startswith(("Describe", "List"))]


def test_an_application_that_is_not_there_is_made_and_started_without_state(
    at: At, service: ManagedFlink
) -> None:
    assert deployed(at()).status().verdict.name == "healthy"
    assert changes(service) == ["CreateApplication", "StartApplication"]
    configuration = service.versions[1]["configuration"]
    groups = configuration["EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"]
    options = {group["PropertyGroupId"]: group["PropertyMap"] for group in groups}
    assert options["kinesis.analytics.flink.run.options"] == {
        "python": "main.py",
        "jarfile": "lib/connectors.jar",
        "pyFiles": "lib/python",
    }
    assert options["taxi.job"]["KAFKA_BOOTSTRAP_SERVERS"] == "kafka:9092"
    assert configuration["ApplicationSnapshotConfigurationDescription"] == {"SnapshotsEnabled": True}


def test_a_deployment_cut_short_anywhere_is_finished_by_the_same_command(
    at: At, service: ManagedFlink
) -> None:
    job = at()
    job.service.call("create_application", **ApplicationSpec(job.settings, job.service.code()).creation())
    deployed(job)
    assert changes(service) == ["CreateApplication", "StartApplication"]
    deployed(job)
    assert changes(service) == ["CreateApplication", "StartApplication"]


def test_an_upgrade_goes_over_by_snapshot_and_is_proven_by_another(at: At, service: ManagedFlink) -> None:
    deployed(at())
    done = at("v2").upgrade(ROOT)
    assert done is not None
    assert (done.previous_release, done.release) == (1, 2)
    assert changes(service)[2:] == [
        "CreateApplicationSnapshot",
        "UpdateApplication",
        "CreateApplicationSnapshot",
    ]
    before, proof = at("v2").releases()
    assert (before.savepoints, before.commit) == ([done.savepoint], "v1")
    assert (before.is_current, proof.is_current) == (False, True)
    assert (len(proof.savepoints), proof.folder) == (1, "s3://code/zone_fares.zip?versionId=v2")
    assert at("v2").upgrade(ROOT) is None
    assert changes(service)[5:] == []


@pytest.mark.parametrize("behaviour", ["does not start", "leaves nothing running", "does no work"])
def test_what_does_not_prove_itself_is_undone_and_the_release_before_runs_again(
    at: At, service: ManagedFlink, behaviour: str
) -> None:
    deployed(at())
    service.behaviours["v2"] = behaviour  # type: ignore[assignment]
    with pytest.raises(UpgradeFailedError, match="release 1 runs again"):
        at("v2").upgrade(ROOT)
    found = at().status()
    assert (found.state, at().releases()[-1].commit) == ("RUNNING", "v1")


def test_an_update_that_hangs_is_rolled_back_by_hand(
    at: At, service: ManagedFlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("control_plane.jobs.managed.job.STALLED_UPDATE_SECONDS", 0.2)
    deployed(at())
    service.behaviours["v2"] = "hangs"
    with pytest.raises(UpgradeFailedError, match=r"timed out .*last seen: it is UPDATING"):
        at("v2").upgrade(ROOT)
    assert "RollbackApplication" in service.calls
    assert (at().status().state, at().releases()[-1].commit) == ("RUNNING", "v1")


def test_an_upgrade_cut_short_after_its_request_is_verified_by_the_same_command_or_by_ensure(
    at: At, service: ManagedFlink
) -> None:
    deployed(at()).savepoint()
    entry_points: dict[str, Callable[[ManagedJob], object]] = {
        "v2": lambda job: job.upgrade(ROOT),
        "v3": lambda job: job.ensure(),
    }
    for code, go_on in entry_points.items():
        cut = at(code)
        spec = ApplicationSpec(cut.settings, cut.service.code())
        cut.service.call("update_application", **spec.update(cut.service.describe().token))
        assert go_on(cut) in {None, "verified"}
        proof = cut.releases()[-1]
        assert (proof.commit, len(proof.savepoints)) == (code, 1)
        assert cut.ensure() == "none"


def test_a_rollback_returns_once_also_when_it_was_cut_short(at: At, service: ManagedFlink) -> None:
    deployed(at())
    at("v2").upgrade(ROOT)
    at("v2").service.call("rollback_application", CurrentApplicationVersionId=2)
    back = at().rollback()
    assert (back.left_release, at().releases()[-1].commit) == (2, "v1")
    assert changes(service).count("RollbackApplication") == 1
    with pytest.raises(
        UserError, match="no earlier release to roll back to: it was rolled back from release 2"
    ):
        at().rollback()


def test_a_stop_leaves_a_snapshot_that_the_next_start_goes_on_from_and_ensure_leaves_it_alone(
    at: At, service: ManagedFlink
) -> None:
    job = deployed(at())
    job.service.call("stop_application", Force=False)  # cut short
    left = job.stop(savepoint=True)
    assert left.startswith("app-stop-")
    found = job.status()
    assert (found.state, found.verdict.name) == ("READY", "down")
    with pytest.raises(UserError, match="is not meant to run"):
        job.ensure()
    assert job.stop(savepoint=True) == ""
    assert deployed(job).status().is_running
    with pytest.raises(UserError, match="runs already"):
        job.deploy(fresh=True, source=ROOT, origin="")


def test_a_job_that_failed_is_brought_back_as_it_was_before_the_update(at: At, service: ManagedFlink) -> None:
    job = deployed(at())
    job.savepoint()
    service.behaviours["v2"] = "leaves nothing running"
    cut = at("v2")
    spec = ApplicationSpec(cut.settings, cut.service.code())
    cut.service.call("update_application", **spec.update(cut.service.describe().token))
    assert (cut.ensure(), cut.releases()[-1].commit) == ("started", "v1")


def test_snapshots_that_nothing_needs_are_deleted(at: At, service: ManagedFlink) -> None:
    old, kept = deployed(at()).savepoint(), at().savepoint()
    at("v2").upgrade(ROOT)  # takes one of release 1, and one of release 2
    job = at("v2")
    assert [one.name for one in job.prune(keep=1, dry_run=True)] == [kept, old]
    assert [one.name for one in job.prune(keep=1, dry_run=False)] == [kept, old]
    assert job.prune(keep=1, dry_run=False) == []
    assert [len(row.savepoints) for row in job.releases()] == [1, 1]


def test_what_somebody_else_is_doing_is_not_run_over(at: At, service: ManagedFlink) -> None:
    deployed(at())
    service.is_intruded = True
    with pytest.raises(AwsBusyError, match="run the same command again"):
        at("v2").upgrade(ROOT)
    assert at("v2").upgrade(ROOT) is not None


def test_a_refusal_is_told_in_the_words_of_the_service(at: At) -> None:
    deployed(at()).stop(savepoint=True)
    refused = "refused the request: InvalidApplicationConfigurationException: no such snapshot"
    with pytest.raises(UserError, match=refused):
        at().deploy(fresh=False, source=ROOT, origin="nonsense")


def test_a_dry_run_prints_the_requests_without_secrets_and_sends_none(
    at: At, service: ManagedFlink, capsys: pytest.CaptureFixture[str]
) -> None:
    at(dry_run=True).deploy(fresh=False, source=ROOT, origin="")
    output = capsys.readouterr().out
    assert [one["operation"] for one in json.loads(output)] == ["CreateApplication", "StartApplication"]
    deployed(at())
    before = changes(service)
    at("v2", dry_run=True).upgrade(ROOT)
    output += capsys.readouterr().out
    assert '"UpdateApplication"' in output
    assert "secret" not in output
    assert changes(service) == before


@pytest.mark.parametrize("verb", ["savepoint", "upgrade", "rollback", "stop", "ensure", "releases"])
def test_without_an_application_each_verb_says_what_to_do(at: At, verb: str) -> None:
    job = at()
    calls: dict[str, Callable[[], object]] = {
        "savepoint": job.savepoint,
        "upgrade": lambda: job.upgrade(ROOT),
        "rollback": job.rollback,
        "stop": lambda: job.stop(savepoint=True),
        "ensure": job.ensure,
        "releases": job.releases,
    }
    with pytest.raises(UserError, match="there is no application zone_fares in this account and region"):
        calls[verb]()


def test_without_an_application_the_job_is_down(at: At) -> None:
    assert (at().status().state, at().status().verdict.name) == ("NOT RUNNING", "down")


def test_missing_credentials_are_one_line(at: At, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers those of the tests before
    with pytest.raises(UserError, match="no AWS credentials were found; set AWS_ACCESS_KEY_ID"):
        at().status()


def test_the_code_is_the_newest_version_of_the_object_and_must_be_there(at: At) -> None:
    with s3_server() as s3:
        s3.client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        put = s3.client.put_object(Bucket=BUCKET, Key="zone_fares.zip", Body=b"code")
        settings = replace(at().settings, code_bucket=BUCKET, code_version="", s3_endpoint_url=s3.url)
        assert ManagedFlinkClient(settings).code().version == put["VersionId"]
        with pytest.raises(UserError, match=f"there is no code at s3://{BUCKET}/other.zip"):
            ManagedFlinkClient(replace(settings, code_key="other.zip")).code()
