"""The programs of the platform's image, outside a container."""

import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from confluent_kafka.admin import AdminClient

from control_plane.delivery.image import DOCKERFILE, write_image_context
from stack.endpoints import Endpoints
from stack.settings import ROOT
from tests.control_plane.delivery.sboms import missing_from
from tests.producer.s3_server import BUCKET, CREDENTIALS, s3_server


def run(
    *arguments: str, tree: Path = ROOT, environment: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    """A program, in an environment like the image's."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(tree / "docker" / "platform" / "run.sh"), *arguments],
        env={"PATH": path, "PYTHONPATH": str(tree), "HOME": str(tree), **CREDENTIALS, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.integration
def test_the_topics_are_made_once_and_found_again(stack: Endpoints) -> None:
    names = {"TRIPS_TOPIC": "image-trips", "DEAD_LETTERS_TOPIC": "image-trips-dead-letters"}
    variables = {"KAFKA_BOOTSTRAP_SERVERS": stack.kafka_bootstrap_servers}
    try:
        outputs = [run("topics", environment={**names, **variables}) for _ in range(2)]
        lines = "".join(f"{name}: 2 partitions\n" for name in names.values())
        assert [one.stdout for one in outputs] == [lines, lines], outputs
    finally:
        client = AdminClient(stack.kafka.librdkafka())
        for future in client.delete_topics([*names.values()]).values():
            future.result(30)


@pytest.mark.unit
def test_a_month_is_brought_out_of_a_bucket_or_its_absence_is_one_line(tmp_path: Path) -> None:
    with s3_server() as server:
        server.client.put_object(Bucket=BUCKET, Key="raw-data/month=01/green.parquet", Body=b"trips")
        variables = {"S3_ENDPOINT_URL": server.url, "AWS_REGION": "us-east-1"}
        brought = run(
            "month", f"s3://{BUCKET}/raw-data/month=01/green.parquet", str(tmp_path), environment=variables
        )
        absent = run(
            "month", f"s3://{BUCKET}/raw-data/month=02/green.parquet", str(tmp_path), environment=variables
        )
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
    assert "use one of: kafka, registry, postgres, jobmanager, taskmanager, tables, job," in unknown.stderr


@pytest.mark.unit
def test_what_the_image_is_built_from_is_the_same_bytes_twice_and_runs_by_itself(tmp_path: Path) -> None:
    once, twice = (write_image_context(tmp_path / name) for name in ("once", "twice"))
    assert (once.name, once.read_bytes()) == (twice.name, twice.read_bytes())
    sbom = once.with_name(once.name.replace(".tar.gz", ".cdx.json")).read_text()
    wanted = (
        "pkg:docker/python@3.11-slim-bookworm",
        "pkg:pypi/apache-flink@",
        "pkg:maven/org.postgresql/postgresql@",
    )
    assert missing_from(sbom, *wanted) == []
    with tarfile.open(once) as context:
        context.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        context.extractall(tmp_path / "tree")  # noqa: S202 - we have just made it
    copied = re.findall(r"^COPY (\S+) \S+$", (tmp_path / "tree" / DOCKERFILE).read_text(), re.MULTILINE)
    assert len(set(copied)) == 19
    needed = [*copied, "flink_jobs/runtime/sql_job.py", "flink_jobs/zone_fares/job.toml"]
    assert [source for source in needed if not (tmp_path / "tree" / source).exists()] == []
    helped = run("producer", "replay", "--help", tree=tmp_path / "tree")
    assert helped.returncode == 0, helped.stderr
