"""The backfill on EMR: packed, uploaded, submitted, and really run by Spark; the services are a stand-in."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from control_plane.delivery.emr import FILES, SBOM_NAME, write_spark_package
from control_plane.settings import SparkSettings, SparkTarget
from control_plane.spark.places import backend
from control_plane.spark.spark_backend import RunState, SparkBackend, run_name
from control_plane.spark.waiting import wait
from producer.synthesis.generate import checked_month, write_month
from schemas.aws import TransientAwsError
from schemas.errors import UserError
from schemas.processed import TRIPS
from schemas.tlc_month import parse_month
from stack.endpoints import Endpoints
from stack.settings import ROOT
from stack.waiting import Polling
from taxi_cli.commands.package import package as pack
from tests.control_plane.delivery.sboms import missing_from
from tests.control_plane.months.test_reprocess import assert_month
from tests.control_plane.spark.emr_service import APPLICATION, CLUSTER_ID, ROLE, Emr, serving
from tests.platform import Platform
from tests.producer.s3_server import BUCKET, CREDENTIALS, S3Server, s3_server
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
ZONE = 7
YELLOW_2009 = """vendor_name,Trip_Pickup_DateTime,Trip_Dropoff_DateTime,Passenger_Count,Trip_Distance,\
Start_Lon,Start_Lat,Rate_Code,store_and_forward,End_Lon,End_Lat,Payment_Type,Fare_Amt,surcharge,mta_tax,Tip_Amt,\
Tolls_Amt,Total_Amt
VTS,2009-01-04 02:52:00,2009-01-04 03:02:00,1,2.63,-73.99,40.72,,,-73.99,40.70,CASH,8.9,0.5,,0,0,9.4
"""
MONTH = ["process", "--taxi-type", "yellow", "--month", "2009-01"]
ABSENT_MONTH = ["process", "--taxi-type", "green", "--month", "2024-04"]


@dataclass(frozen=True)
class SparkEnvironment:
    """The stand-ins, the folders that stand for S3's data, and the variables that point there."""

    emr: Emr
    folder: Path
    variables: dict[str, str]

    def backend(self, place: SparkTarget, **changes: Any) -> SparkBackend:
        """A place to run, as one command sees it."""
        return backend(replace(SparkSettings.from_environment(self.variables), **changes), place)

    def where(self) -> list[str]:
        """The data's arguments."""
        return ["--raw", str(self.folder / "raw"), "--processed", str(self.folder / "processed")]

    def waiter(self, *arguments: str) -> "subprocess.Popen[str]":
        """A person's command that submits and waits."""
        command = [str(ROOT / "taxi"), "spark-run", "submit", "--on", "emr-serverless", "--token", "january"]
        return subprocess.Popen(
            [*command, "--wait", *arguments, *self.where()],
            env={**os.environ, **self.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with pytest.MonkeyPatch.context() as patch, s3_server() as server:
        for name, value in {**CREDENTIALS, "S3_ENDPOINT_URL": server.url}.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="module")
def code(s3: S3Server) -> str:
    """The Spark archive in the bucket."""
    pack(f"s3://{BUCKET}", PYTHON, ["spark"])
    (main,) = [key for key in s3.objects() if key.endswith("/main.py")]
    return f"s3://{BUCKET}/{main.removesuffix('/main.py')}"


@pytest.fixture(scope="module")
def spark_environment(
    s3: S3Server, code: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SparkEnvironment]:
    folder = tmp_path_factory.mktemp("emr")
    (folder / "raw").mkdir()
    (folder / "raw" / "yellow_tripdata_2009-01.csv").write_text(YELLOW_2009)
    (folder / "zones.geojson").write_text(json.dumps(square()))
    emr = Emr(folder / "cluster", s3.client, f"s3://{BUCKET}/spark-logs")
    with serving(emr) as url:
        variables = {
            **CREDENTIALS,
            "TAXI_HOME": str(folder / "home"),
            "AWS_REGION": "us-east-1",
            "S3_ENDPOINT_URL": s3.url,
            "EMR_ENDPOINT_URL": url,
            "EMR_CODE": code,
            "EMR_SERVERLESS_APPLICATION_ID": APPLICATION,
            "EMR_CLUSTER_ID": CLUSTER_ID,
            "EMR_JOB_ROLE_ARN": ROLE,
            "EMR_LOG_URI": f"s3://{BUCKET}/spark-logs",
            "EMR_CLUSTER_VCPUS": "12",
            "EMR_CLUSTER_GB": "48",
            "SPARK_USD_PER_VCPU_HOUR": "0.05",
            "SPARK_USD_PER_GB_HOUR": "0.005",
            "TAXI_ZONES_FILE": str(folder / "zones.geojson"),
        }
        yield SparkEnvironment(emr, folder, variables)


def square() -> dict[str, Any]:
    """One zone that is all of New York."""
    corners = [[-75, 40], [-73, 40], [-73, 41], [-75, 41], [-75, 40]]
    zone = {"type": "Feature", "properties": {"LocationID": ZONE}}
    return {
        "type": "FeatureCollection",
        "features": [{**zone, "geometry": {"type": "Polygon", "coordinates": [corners]}}],
    }


def test_what_was_uploaded_is_what_a_second_build_makes_and_its_bill_names_what_is_in_it(
    s3: S3Server, code: str, tmp_path: Path
) -> None:
    again = write_spark_package(tmp_path, PYTHON)
    folder = code.removeprefix(f"s3://{BUCKET}/")
    assert folder == f"spark/{again.name}"
    objects = s3.objects()
    assert [
        name for name in (*FILES, SBOM_NAME) if objects[f"{folder}/{name}"] != (again / name).read_bytes()
    ] == []
    assert missing_from((again / SBOM_NAME).read_text(), "pkg:pypi/shapely@", "pkg:pypi/pyarrow@") == []


@pytest.mark.long("a waiter is killed and another waits for the same run")
def test_a_killed_waiter_comes_again_to_the_same_run_which_reads_processes_and_tells(
    spark_environment: SparkEnvironment,
) -> None:
    killed = spark_environment.waiter(*MONTH)
    wait_for(
        lambda: spark_environment.emr.runs and spark_environment.emr.runs[0].state == "RUNNING",
        stalled_seconds=200,
        what="Spark's start",
    )
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()

    interrupted = spark_environment.waiter(*MONTH)
    assert interrupted.stdout is not None
    run_id = interrupted.stdout.readline().strip()
    assert interrupted.stderr is not None
    assert "running" in interrupted.stderr.readline()
    interrupted.send_signal(signal.SIGINT)
    output = interrupted.communicate()[1]
    assert f"{run_id} is still running: run ./taxi spark-run status {run_id} --on emr-serverless" in output
    assert interrupted.returncode == 130

    again = spark_environment.waiter(*MONTH)
    stdout, stderr = again.communicate(timeout=300)
    assert (again.returncode, stdout.strip(), len(spark_environment.emr.runs)) == (0, run_id, 1), stderr

    spark = spark_environment.backend(SparkTarget.EMR_SERVERLESS)
    assert "yellow 2009-01     1         1" in spark.logs(run_id).stdout
    files = f"{spark_environment.folder}/processed/{TRIPS.name}/**/*.parquet"
    assert duckdb.read_parquet(files).project("pickup_zone_id, total_amount_cents").fetchall() == [
        (ZONE, 940)
    ]
    used = spark.usage(run_id)
    assert used.dollars is not None
    assert used.dollars > 0
    assert spark.links(run_id)["Spark UI"].startswith("https://")


@pytest.mark.long("a second run of Spark")
def test_a_step_whose_answer_got_lost_is_found_and_its_failure_is_told_in_the_jobs_own_words(
    spark_environment: SparkEnvironment,
) -> None:
    spark = spark_environment.backend(SparkTarget.EMR)
    spark_environment.emr.loses_answers_of.add("AddJobFlowSteps")
    run_id = spark.submit([*ABSENT_MONTH, *spark_environment.where()])
    assert spark_environment.emr.calls.count("AddJobFlowSteps") == 1
    assert spark.submit([*ABSENT_MONTH, *spark_environment.where()]) == run_id
    assert spark_environment.emr.calls.count("AddJobFlowSteps") == 1
    spark_environment.emr.loses_answers_of.add("DescribeStep")
    done = wait(spark, run_id, seconds=400, every=0.2)
    assert done.state is RunState.FAILED
    assert done.detail.startswith("green 2024-04: ")
    assert "no file of green 2024-04; run ./taxi fetch" in done.detail
    assert spark.usage(run_id).vcpu_hours == pytest.approx(12 * done.seconds / 3600)


@pytest.mark.parametrize("place", [SparkTarget.EMR, SparkTarget.EMR_SERVERLESS, SparkTarget.LOCAL])
def test_a_run_that_is_cancelled_ends_and_the_same_wish_is_a_new_run(
    spark_environment: SparkEnvironment, place: SparkTarget
) -> None:
    spark = spark_environment.backend(place)
    arguments = ["process", "--taxi-type", "yellow", "--month", "2009-01:2015-12", *spark_environment.where()]
    run_id = spark.submit(arguments, "cancelled")
    assert spark.submit(arguments, "cancelled") == run_id
    wait_for(
        lambda: spark.state(run_id).state is RunState.RUNNING,
        stalled_seconds=200,
        what="Spark's start",
        polling=Polling(0.1),
    )
    spark.cancel(run_id)
    assert wait(spark, run_id, seconds=200, every=0.1).state is RunState.CANCELLED
    spark.cancel(run_id)
    another = spark.submit(arguments, "cancelled")
    assert another != run_id
    spark.cancel(another)
    assert wait(spark, another, seconds=200, every=0.1).state is RunState.CANCELLED


def test_here_a_run_tells_its_end_and_why_it_failed(spark_environment: SparkEnvironment) -> None:
    spark = spark_environment.backend(SparkTarget.LOCAL)
    done = wait(spark, spark.submit(["--help"]), seconds=200, every=0.1)
    assert done.state is RunState.SUCCEEDED
    wrong = spark.submit(["process", "--taxi-type", "pink", "--month", "2024-01", *spark_environment.where()])
    failed = wait(spark, wrong, seconds=200, every=0.1)
    assert failed.state is RunState.FAILED
    assert failed.detail.startswith("unknown taxi type 'pink'")


def test_what_aws_says_is_one_line_with_the_remedy(spark_environment: SparkEnvironment) -> None:
    with pytest.raises(UserError, match=r"EMR_CODE is not set; run \./taxi package --to s3://"):
        spark_environment.backend(SparkTarget.EMR, code="").submit(MONTH)
    with pytest.raises(UserError, match=r"there is no run 00x; check the run's id"):
        spark_environment.backend(SparkTarget.EMR_SERVERLESS).state("00x")
    with pytest.raises(UserError, match=r"there is no run s-x; check the run's id, EMR_CLUSTER_ID"):
        spark_environment.backend(SparkTarget.EMR).cancel("s-x")
    with pytest.raises(TransientAwsError, match="AWS does not answer"):
        spark_environment.backend(SparkTarget.EMR, endpoint_url="http://127.0.0.1:9").submit(MONTH)
    with pytest.raises(UserError, match="EMR_JOB_ROLE_ARN is not set; set it to the role of the run"):
        spark_environment.backend(SparkTarget.EMR_SERVERLESS, role_arn="").submit(MONTH)


def test_another_code_or_another_token_is_another_run() -> None:
    names = {run_name(MONTH, *rest) for rest in (("a", ""), ("b", ""), ("a", "t"))}
    assert len(names) == 3


@pytest.mark.long("builds the packages of EMR and runs Spark from S3 to S3")
@pytest.mark.parametrize("place", [SparkTarget.EMR_SERVERLESS, SparkTarget.EMR])
def test_a_month_in_s3_is_processed_by_emr_and_published(
    spark_environment: SparkEnvironment, s3: S3Server, stack: Endpoints, tmp_path: Path, place: SparkTarget
) -> None:
    name = "2024-03" if place is SparkTarget.EMR else "2024-06"
    month = checked_month(parse_month("green", name), 2_000, seed=1)
    write_month(month, tmp_path / month.month.file_name)
    data = f"s3://{BUCKET}/history"
    there = {"TLC_DATA_DIR": str(tmp_path), "RAW_DATA": f"{data}/raw", "PROCESSED_DATA": f"{data}/processed"}
    done = subprocess.run(
        [str(ROOT / "taxi"), "backfill", "--taxi-type", "green", "--month", name, "--on", place.value],
        env={**os.environ, **spark_environment.variables, **there, "TAXI_HOME": str(stack.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stderr)  # noqa: T201 - for whoever asks by -rP
    assert done.returncode == 0, done.stderr
    assert f"log: s3://{BUCKET}/spark-logs/" in done.stderr
    assert_month(Platform(stack), tmp_path / month.month.file_name, name, tmp_path)
