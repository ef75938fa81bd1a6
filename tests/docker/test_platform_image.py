"""The programs of the platform's image, outside a container."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from stack.endpoints import Endpoints
from stack.settings import ROOT
from tests.producer.s3_server import BUCKET, CREDENTIALS, s3_server

RUN = ROOT / "docker" / "platform" / "run.sh"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program, in an environment like the image's."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(RUN), *arguments],
        env={"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(ROOT), **CREDENTIALS, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.integration
def test_the_topics_are_made_once_and_found_again(stack: Endpoints) -> None:
    names = {"TRIPS_TOPIC": "image-trips", "DEAD_LETTERS_TOPIC": "image-trips-dead-letters"}
    place = {"KAFKA_BOOTSTRAP_SERVERS": stack.kafka_bootstrap_servers}
    try:
        told = [run("topics", **names, **place) for _ in range(2)]
        lines = "".join(f"{name}: 2 partitions\n" for name in names.values())
        assert [one.stdout for one in told] == [lines, lines], told
    finally:
        deleted = AdminClient(stack.kafka.librdkafka()).delete_topics([*names.values()])
        for future in deleted.values():
            future.result(30)


@pytest.mark.unit
def test_a_month_is_brought_out_of_a_bucket_or_its_absence_is_one_line(tmp_path: Path) -> None:
    with s3_server() as server:
        server.client.put_object(Bucket=BUCKET, Key="raw-data/month=01/green.parquet", Body=b"trips")
        place = {"S3_ENDPOINT_URL": server.url, "AWS_REGION": "us-east-1"}
        brought = run("month", f"s3://{BUCKET}/raw-data/month=01/green.parquet", str(tmp_path), **place)
        absent = run("month", f"s3://{BUCKET}/raw-data/month=02/green.parquet", str(tmp_path), **place)
    assert (brought.returncode, brought.stdout) == (0, f"{tmp_path}/green.parquet\n"), brought.stderr
    assert (tmp_path / "green.parquet").read_bytes() == b"trips"
    assert absent.returncode == 1
    assert absent.stderr.startswith("error: ")
    assert absent.stderr.count("\n") == 1


@pytest.mark.unit
def test_the_door_opens_and_shuts_by_itself_and_an_unknown_program_is_told_which_there_are() -> None:
    assert run("door", "0").returncode == 0
    unknown = run("./taxi", "replay")
    assert unknown.returncode == 64
    assert "there are: jobmanager, taskmanager, tables, job, producer, topics, month, door" in unknown.stderr
