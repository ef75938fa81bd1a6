"""What AWS is sent is the same bytes each time, and its bill of materials says what is in it."""

from pathlib import Path

import pytest

from control_plane.delivery.emr import LOCK
from control_plane.delivery.flink import write_flink_package
from control_plane.delivery.sbom import python_components
from stack.settings import ROOT
from tests.control_plane.delivery.sboms import missing_from


@pytest.mark.integration
@pytest.mark.long(
    "installs the packages twice; the Spark archive and Airflow's bundle are built twice in make test"
)
def test_two_zips_of_the_flink_job_are_the_same_bytes_and_their_bill_names_what_is_in_them(
    tmp_path: Path,
) -> None:
    once, twice = (write_flink_package(tmp_path / name) for name in ("once", "twice"))
    assert once.name == twice.name
    assert once.read_bytes() == twice.read_bytes()
    sbom = once.with_suffix(".cdx.json").read_text()
    assert sbom == twice.with_suffix(".cdx.json").read_text()
    assert missing_from(sbom, "pkg:maven/org.postgresql/postgresql@", "pkg:pypi/pydantic@") == []


@pytest.mark.unit
def test_the_cluster_gets_the_versions_that_the_local_spark_has() -> None:
    for python in ("3.11", "3.12"):
        local = {str(one.purl) for one in python_components(ROOT / "requirements" / "batch.txt", python)}
        sent = {str(one.purl) for one in python_components(LOCK, python)}
        assert sent < local
        assert not any("pyspark" in one for one in sent)
