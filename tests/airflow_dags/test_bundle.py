"""What AWS' Airflow is sent, laid out as it lays it out, in an Airflow that has nothing else of ours."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from control_plane.delivery.mwaa import LOCK, write_airflow_bundle
from control_plane.delivery.sbom import python_components
from control_plane.jobs.managed.client import ManagedFlinkClient
from control_plane.jobs.managed.job import ManagedJob
from control_plane.settings import ManagedFlinkSettings
from stack.settings import ROOT
from stack.toolchain.environments import ensure_environment
from tests.control_plane.delivery.sboms import missing_from
from tests.control_plane.jobs.managed_flink_service import ManagedFlink, serving
from tests.control_plane.spark import emr_service
from tests.producer.s3_server import CREDENTIALS

pytestmark = pytest.mark.integration

PROBE = Path(__file__).with_name("bundle_probe.py")
THIS_PYTHON = ".".join(map(str, sys.version_info[:2]))
APPLICATION = "nyc-taxi-dev-zone-fares"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_airflow_bundle(tmp_path_factory.mktemp("bundle"), THIS_PYTHON)


@pytest.fixture
def home(bundle: Path, tmp_path: Path) -> Path:
    """Airflow's home as AWS fills it from the bundle."""
    shutil.copytree(bundle / "dags", tmp_path / "dags")
    with zipfile.ZipFile(bundle / "plugins.zip") as plugins:
        plugins.extractall(tmp_path / "plugins")
    return tmp_path


@pytest.fixture
def lost_job() -> Iterator[tuple[ManagedFlink, str]]:
    """A service whose application ran, and does not any more; and where it answers."""
    service = ManagedFlink()
    with pytest.MonkeyPatch.context() as environment, serving(service) as url:
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        variables = {
            "MANAGED_FLINK_APPLICATION": APPLICATION,
            "MANAGED_FLINK_ENDPOINT_URL": url,
            "MANAGED_FLINK_CODE_BUCKET": "code",
            "MANAGED_FLINK_CODE_VERSION": "v1",
            "MANAGED_FLINK_ROLE_ARN": "arn:aws:iam::123456789012:role/zone-fares",
            "AWS_REGION": "us-east-1",
        }
        settings = ManagedFlinkSettings.from_environment("zone_fares", variables)
        job = ManagedJob("zone_fares", settings, ManagedFlinkClient(settings, poll_seconds=0.001))
        job.deploy(fresh=False, source=ROOT, origin="")
        service.status = "READY"
        yield service, url


class PatientEmr(emr_service.Emr):
    """Takes what it is sent, if AWS would, and says that it went well: Spark runs in other tests."""

    def _start(self, run: emr_service.EmrRun, *_: object) -> None:
        run.state, run.ended_at = "SUCCESS", run.started_at
        self.runs.append(run)


def run_probe(bundle: Path, home: Path, options: dict[str, str]) -> dict[str, Any]:
    """What Airflow says of the bundle: first its start-up script, then the program."""
    python = ensure_environment("orchestrate") / "bin"
    done = subprocess.run(
        ["bash", "-c", f'. "{bundle}/startup.sh" && exec python3 - <"{PROBE}"'],
        env={
            "PATH": f"{python}:/usr/bin:/bin",
            "HOME": str(home),
            "AIRFLOW_HOME": str(home),
            # As Airflow's programs that run DAGs do it; its command line does not.
            "PYTHONPATH": str(home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            **CREDENTIALS,
            "AWS_REGION": "us-east-1",
            **{f"AIRFLOW__TAXI__{name}": value for name, value in options.items()},
        },
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    probe: dict[str, Any] = json.loads(done.stdout)
    return probe


def test_on_aws_the_watchdog_brings_a_lost_job_back_and_a_month_goes_to_spark(
    bundle: Path, home: Path, lost_job: tuple[ManagedFlink, str]
) -> None:
    service, url = lost_job
    emr = PatientEmr(home, None, "")
    with emr_service.serving(emr) as emr_url:
        options = {
            "FLINK_BACKEND": "managed-flink",
            "MANAGED_FLINK_APPLICATION": APPLICATION,
            "MANAGED_FLINK_ENDPOINT_URL": url,
            "SPARK_BACKEND": "emr-serverless",
            "EMR_SERVERLESS_APPLICATION_ID": emr_service.APPLICATION,
            "EMR_JOB_ROLE_ARN": emr_service.ROLE,
            "EMR_CODE": "s3://artifacts/spark/backfill-0123456789ab",
            "EMR_LOG_URI": "s3://checkpoints/spark-logs",
            "EMR_ENDPOINT_URL": emr_url,
            "RAW_DATA": "s3://raw/raw-data",
            "PROCESSED_DATA": "s3://processed/processed-data",
        }
        probe = run_probe(bundle, home, options)
    dags = ["flink_job_watchdog", "tlc_month_history"]
    assert probe == {"dags": dags, "errors": {}, "heal": "started", "process": 0}
    assert service.status == "RUNNING"
    (run,) = emr.runs
    assert " ".join(run.request["jobDriver"]["sparkSubmit"]["entryPointArguments"]) == (
        "process --taxi-type green --month 2023-12"
        " --raw s3://raw/raw-data --processed s3://processed/processed-data"
    )


def test_two_bundles_are_the_same_bytes_and_their_bill_names_what_is_in_them(
    bundle: Path, tmp_path: Path
) -> None:
    again = write_airflow_bundle(tmp_path, THIS_PYTHON)
    assert again.name == bundle.name
    assert contents(again) == contents(bundle)
    sbom = (bundle / "sbom.cdx.json").read_text()
    assert missing_from(sbom, "pkg:pypi/boto3@", "pkg:pypi/psycopg@") == []
    named = {one["name"] for one in json.loads(sbom)["components"] if one["type"] == "file"}
    assert named == set(contents(bundle)) - {"sbom.cdx.json"}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_its_packages_are_those_of_the_command_on_a_laptop() -> None:
    local = {str(one.purl) for one in python_components(ROOT / "requirements" / "stream.txt", "3.12")}
    assert {str(one.purl) for one in python_components(LOCK, "3.12")} < local
