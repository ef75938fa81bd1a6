"""The history is the same in a folder and in S3: what a month is made of, and whether it is there."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from control_plane.months.cost import estimate, estimate_lines, estimate_month
from control_plane.months.fetching import fetch_missing
from control_plane.months.history import History
from control_plane.settings import HistorySettings, SparkSettings
from control_plane.spark import local_submit
from schemas.errors import UserError
from schemas.processed import TRIPS, note_path, partition, staging_folder
from schemas.tlc_month import parse_month
from tests.producer.months import dropoff, green_parquet
from tests.producer.s3_server import BUCKET, CREDENTIALS, S3Server, s3_server
from tests.producer.tlc_site import NOWHERE

pytestmark = pytest.mark.unit

MONTH = parse_month("green", "2020-03")
OWN = partition("green", MONTH.first_day)
Put = Callable[[str, bytes], None]


@pytest.fixture(params=["folder", "bucket"])
def history_and_put(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[History, Put]:
    """An empty history, and how something gets into it."""
    if request.param == "folder":

        def put(path: str, content: bytes) -> None:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)

        return history_at(str(tmp_path)), put
    server = request.getfixturevalue("server")
    for name, value in {**CREDENTIALS, "S3_ENDPOINT_URL": server.url}.items():
        monkeypatch.setenv(name, value)
    return history_at(f"s3://{BUCKET}/months"), lambda path, content: server.client.put_object(
        Bucket=BUCKET, Key=f"months/{path}", Body=content
    )


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


def history_at(address: str) -> History:
    places = {"RAW_DATA": f"{address}/raw", "PROCESSED_DATA": f"{address}/processed"}
    return History.of(HistorySettings.from_environment({**os.environ, **places}))


def test_a_month_is_known_by_its_files_and_by_the_note_beside_what_was_made_of_it(
    history_and_put: tuple[History, Put], tmp_path: Path
) -> None:
    history, put = history_and_put
    assert (history.raw_files(MONTH), history.processed_month(MONTH)) == ([], None)
    trips = green_parquet(tmp_path, *[dropoff("2020-03-01 10:00:00")] * 3).read_bytes()
    put("raw/green_tripdata_2020-03.parquet", b"among all others")
    put("raw/green_tripdata_2020-03.parquet.part", b"unfinished")
    put(f"raw/{OWN}/green_tripdata_2020-03.parquet", trips)
    (file,) = history.raw_files(MONTH)
    assert (file.path, file.size, history.raw_rows(file)) == (f"{OWN}/{file.name}", len(trips), 3)

    digest = history.fingerprint(MONTH, "code")
    put(f"processed/{TRIPS.folder('green', MONTH.first_day)}/part-0.parquet", trips)
    note = {"fingerprint": digest, "files": [file.name], "accepted": 2, "quarantined": 1}
    put(f"processed/{note_path('green', MONTH.first_day)}", json.dumps(note).encode())
    found = history.processed_month(MONTH)
    assert found is not None
    assert (found.fingerprint, found.files, found.accepted) == (digest, (file.name,), 2)
    assert estimate_month(history, MONTH, "code").is_processed
    with history.processed.local_copy(TRIPS.folder("green", MONTH.first_day)) as folder:
        assert (folder / "part-0.parquet").read_bytes() == trips

    assert estimate_month(history, MONTH, "other code").is_processed is False
    put(f"raw/{OWN}/green_tripdata_2020-03.parquet", trips[:-1])
    assert history.fingerprint(MONTH, "code") != digest
    assert history.raw_rows(history.raw_files(MONTH)[0]) is None
    put(f"processed/{staging_folder('green', MONTH.first_day)}/_READY", b"")
    assert history.processed_month(MONTH) is None


def test_a_month_is_brought_to_where_spark_reads_it_and_then_not_looked_for_again(
    history_and_put: tuple[History, Put], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, _ = history_and_put
    (tmp_path / "tlc").mkdir()
    file = green_parquet(tmp_path, dropoff("2020-05-01 10:00:00"))
    content = file.rename(tmp_path / "tlc" / "green_tripdata_2020-05.parquet").read_bytes()
    monkeypatch.setenv("TLC_DATA_DIR", str(tmp_path / "tlc"))
    monkeypatch.setenv("TAXI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("TLC_BASE_URL", NOWHERE)
    month, absent = parse_month("green", "2020-05"), parse_month("green", "2020-06")
    assert fetch_missing(history, [month, absent]) == [absent]
    (found,) = history.raw_files(month)
    assert found.size == len(content)
    shutil.rmtree(tmp_path / "tlc")
    assert fetch_missing(history, [month]) == []


def test_the_history_lies_in_folders_or_in_s3() -> None:
    there = {"RAW_DATA": "s3a://bucket/raw/", "PROCESSED_DATA": "processed"}
    settings = HistorySettings.from_environment(there)
    assert (settings.raw, settings.processed) == ("s3://bucket/raw", str(Path("processed").absolute()))
    with pytest.raises(
        UserError, match="RAW_DATA=hdfs://raw is neither a folder nor a prefix in S3; set it to a folder"
    ):
        HistorySettings.from_environment({"RAW_DATA": "hdfs://raw"})


@pytest.mark.parametrize("variable", ["RAW_DATA", "PROCESSED_DATA"])
def test_a_folder_that_cannot_be_read_again_is_refused_before_anything_is_written(variable: str) -> None:
    with pytest.raises(
        UserError, match=rf"{variable}: .*/a\\b has a backslash, which DuckDB .*; set {variable} to"
    ):
        HistorySettings.from_environment({variable: "a\\b"})


def test_spark_is_told_of_s3_only_where_something_lies_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local_submit, "ensure", lambda name: [Path(f"/{name}.jar")])
    settings = SparkSettings.from_environment({"S3_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "here"})
    assert local_submit.s3_options(["--raw", "/folder"], settings) == ()
    spark_options = local_submit.s3_options(["--raw", "s3://bucket/raw"], settings)
    assert "spark.driver.extraClassPath=/spark-s3.jar" in spark_options
    assert "spark.hadoop.fs.s3a.endpoint=http://127.0.0.1:9" in spark_options
    assert spark_options == local_submit.s3_options([], replace(settings, data=("s3://bucket/raw",)))


def test_what_is_processed_already_costs_nothing(tmp_path: Path) -> None:
    history = history_at(str(tmp_path))
    rates = {"SPARK_USD_PER_VCPU_HOUR": "0.05", "SPARK_USD_PER_GB_HOUR": "0.005"}
    settings = SparkSettings.from_environment(rates)
    nothing = estimate(
        [replace(estimate_month(history, MONTH, ""), is_processed=True, rows=1_000_000)], settings
    )
    much, little = (
        estimate([replace(estimate_month(history, MONTH, ""), rows=rows)], settings)
        for rows in (20_000_000, 1_000)
    )
    assert nothing.dollars == 0
    assert (much.dollars or 0) > 5 * (little.dollars or 0) > 0


def test_a_month_is_sized_before_anything_is_fetched(tmp_path: Path) -> None:
    history, settings = history_at(str(tmp_path)), SparkSettings.from_environment({})
    absent = estimate_month(history, parse_month("yellow", "2024-05"), "")
    assert absent.cells() == ("yellow 2024-05", "", "~53.0", "~3,192,519", "to be fetched")
    used = estimate([absent], settings)
    assert 0 < (used.vcpu_hours or 0) < 1
    assert 0 < (used.dollars or 0) < 1
    together, spark, postgres, why = estimate_lines([absent, absent], settings)
    assert "2 files, 0.11 GB, 6,385,038 trips" in together
    assert "vCPU-hours" in spark
    assert "0.0000" not in spark
    assert f"{2 * (absent.size.trips + absent.size.windows):,} rows" in postgres
    assert why.endswith(": yellow 2024-05, yellow 2024-05")
