"""Months put into a bucket: whole or not at all, and once only."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producer.fetching.fingerprint import PART_BYTES, Fingerprint
from tests.oracle.real_months import REPOSITORY
from tests.producer.s3_server import BUCKET, CREDENTIALS, S3Server, s3_server
from tests.producer.tlc_site import NOWHERE, parquet_bytes, tlc_site

pytestmark = pytest.mark.unit

NAME = "green_tripdata_2024-01.parquet"
KEY = f"raw-data/taxi_type=green/year=2024/month=01/{NAME}"
TO = f"s3://{BUCKET}/raw-data"


@pytest.fixture
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


def month_of(parts: int, folder: Path, *, seed: int = 1) -> Path:
    """A month that needs so many parts."""
    noise = random.Random(seed).randbytes(PART_BYTES // 8)  # noqa: S311 - it only must not shrink
    table = pa.table({"noise": pa.array([noise] * (parts * 8 - 4), pa.large_binary())})
    pq.write_table(table, folder / NAME, compression="none", use_dictionary=False)
    assert len(Fingerprint.of(folder / NAME).parts) == parts
    return folder / NAME


@dataclass(frozen=True)
class S3FetchCommand:
    """`fetch` as its own process; the months lie in `folder`."""

    s3_url: str
    folder: Path
    changes: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        own = {
            "S3_ENDPOINT_URL": self.s3_url,
            "TLC_DATA_DIR": str(self.folder),
            "TAXI_CACHE_DIR": str(self.folder / "cache"),
            "TLC_BASE_URL": NOWHERE,
            "HOME": str(self.folder),
            "PYTHONPATH": str(REPOSITORY),
        }
        return {**kept, **CREDENTIALS, **own, **dict(self.changes)}

    def start(self, *options: str) -> subprocess.Popen[str]:
        program = [sys.executable, "-m", "producer", "fetch", "--taxi-type", "green", "--month", "2024-01"]
        return subprocess.Popen(
            [*program, *options],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, to: str = TO, *options: str) -> "S3FetchOutput":
        with self.start("--to", to, *options) as process:
            out, err = process.communicate(timeout=120)
        return S3FetchOutput(process.returncode, out.strip(), err.strip())


@dataclass(frozen=True)
class S3FetchOutput:
    exit_code: int
    out: str
    err: str


def test_a_month_is_put_where_its_partition_is(s3: S3Server, tmp_path: Path) -> None:
    file = month_of(3, tmp_path)
    output = S3FetchCommand(s3.url, tmp_path).run()
    assert output.out == f"green 2024-01: s3://{BUCKET}/{KEY}"
    assert s3.objects() == {KEY: file.read_bytes()}
    assert s3.unfinished() == []


def test_the_same_month_is_not_sent_again(s3: S3Server, tmp_path: Path) -> None:
    month_of(3, tmp_path)
    S3FetchCommand(s3.url, tmp_path).run()
    s3.sent_parts.clear()
    output = S3FetchCommand(s3.url, tmp_path).run()
    assert output.out == f"green 2024-01 (already present): s3://{BUCKET}/{KEY}"
    assert (s3.sent_parts, s3.unfinished()) == ([], [])


def test_a_changed_month_of_the_same_size_replaces_the_object(s3: S3Server, tmp_path: Path) -> None:
    before = month_of(2, tmp_path).stat().st_size
    S3FetchCommand(s3.url, tmp_path).run()
    changed = month_of(2, tmp_path, seed=2)
    assert changed.stat().st_size == before
    assert S3FetchCommand(s3.url, tmp_path).run().out == f"green 2024-01: s3://{BUCKET}/{KEY}"
    assert s3.objects() == {KEY: changed.read_bytes()}


def killed_at_part(part: int, s3: S3Server, folder: Path) -> None:
    """Run, wait until the part hangs, kill -9."""
    s3.hold_back(part)
    with S3FetchCommand(s3.url, folder).start("--to", TO) as process:
        assert s3.is_holding.wait(timeout=60)
        process.send_signal(signal.SIGKILL)
    s3.release()


def test_a_killed_upload_shows_nothing_and_is_continued_by_the_next_run(s3: S3Server, tmp_path: Path) -> None:
    file = month_of(4, tmp_path)
    killed_at_part(3, s3, tmp_path)
    assert (s3.objects(), s3.unfinished()) == ({}, [KEY])
    S3FetchCommand(s3.url, tmp_path).run()
    assert s3.objects() == {KEY: file.read_bytes()}
    assert (s3.sent_parts, s3.unfinished()) == ([1, 2, 3, 4], [])


def test_a_file_that_changed_after_a_kill_is_sent_whole(s3: S3Server, tmp_path: Path) -> None:
    month_of(3, tmp_path)
    killed_at_part(3, s3, tmp_path)
    changed = month_of(2, tmp_path, seed=2)
    S3FetchCommand(s3.url, tmp_path).run()
    assert s3.objects() == {KEY: changed.read_bytes()}
    assert (s3.sent_parts, s3.unfinished()) == ([1, 2, 1, 2], [])


def test_two_runs_at_once_finish_one_upload(s3: S3Server, tmp_path: Path) -> None:
    file = month_of(3, tmp_path)
    s3.hold_back(2)
    with S3FetchCommand(s3.url, tmp_path).start("--to", TO) as slow:
        assert s3.is_holding.wait(timeout=60)
        quick = S3FetchCommand(s3.url, tmp_path).run()
        s3.release()
        slow.communicate(timeout=120)
    assert (quick.exit_code, slow.returncode) == (0, 0)
    assert (s3.objects(), s3.unfinished()) == ({KEY: file.read_bytes()}, [])


def test_an_upload_that_another_run_gave_up_is_one_line(s3: S3Server, tmp_path: Path) -> None:
    month_of(3, tmp_path)
    s3.hold_back(2)
    with S3FetchCommand(s3.url, tmp_path).start("--to", TO) as process:
        assert s3.is_holding.wait(timeout=60)
        (upload,) = s3.client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
        s3.client.abort_multipart_upload(Bucket=BUCKET, Key=KEY, UploadId=upload["UploadId"])
        s3.release()
        _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert err.splitlines()[0] == (
        f"another process ended the upload of s3://{BUCKET}/{KEY}; run the same command again"
    )


def test_older_uploads_of_the_month_are_given_up(s3: S3Server, tmp_path: Path) -> None:
    for _ in range(2):
        s3.client.create_multipart_upload(Bucket=BUCKET, Key=KEY, ChecksumAlgorithm="SHA256")
    s3.client.create_multipart_upload(Bucket=BUCKET, Key=f"{KEY}.other")
    month_of(1, tmp_path)
    assert S3FetchCommand(s3.url, tmp_path).run().exit_code == 0
    assert s3.unfinished() == [f"{KEY}.other"]


def test_a_month_comes_from_the_tlc_into_the_bucket(s3: S3Server, tmp_path: Path) -> None:
    with tlc_site({NAME: parquet_bytes()}) as site:
        output = S3FetchCommand(s3.url, tmp_path, (("TLC_BASE_URL", site.base_url),)).run()
    assert (output.exit_code, output.out) == (0, f"green 2024-01: s3://{BUCKET}/{KEY}")
    assert s3.objects() == {KEY: parquet_bytes()}


def test_a_csv_month_is_not_put_among_the_parquet_ones(s3: S3Server, tmp_path: Path) -> None:
    (tmp_path / NAME.replace(".parquet", ".csv")).write_text("VendorID")
    with tlc_site({NAME: parquet_bytes()}) as site:
        S3FetchCommand(s3.url, tmp_path, (("TLC_BASE_URL", site.base_url),)).run()
    assert s3.objects() == {KEY: parquet_bytes()}


def test_a_dry_run_says_what_is_in_the_bucket_and_sends_nothing(s3: S3Server, tmp_path: Path) -> None:
    file = month_of(1, tmp_path)
    size = file.stat().st_size
    output = S3FetchCommand(s3.url, tmp_path).run(TO, "--dry-run")
    assert output.out == f"green 2024-01 (to fetch, {size:,} bytes): {file}"
    assert s3.objects() == {}
    S3FetchCommand(s3.url, tmp_path).run()
    output = S3FetchCommand(s3.url, tmp_path).run(TO, "--dry-run")
    assert output.out == f"green 2024-01 (already present): s3://{BUCKET}/{KEY}"


def test_a_bucket_without_a_prefix_will_do(s3: S3Server, tmp_path: Path) -> None:
    month_of(1, tmp_path)
    S3FetchCommand(s3.url, tmp_path).run(f"s3://{BUCKET}")
    assert list(s3.objects()) == [KEY.removeprefix("raw-data/")]


def test_a_bucket_that_is_not_there_is_one_line(s3: S3Server, tmp_path: Path) -> None:
    output = S3FetchCommand(s3.url, tmp_path).run("s3://absent-bucket/raw-data")
    assert output == S3FetchOutput(
        1,
        "",
        f"error: there is no s3://absent-bucket at {s3.url}; create the bucket, or use another one",
    )


def test_a_server_that_is_away_is_one_line(tmp_path: Path) -> None:
    output = S3FetchCommand("http://127.0.0.1:9", tmp_path).run()
    assert (output.exit_code, output.err.count("\n")) == (1, 0)
    assert output.err.startswith("error: S3 at http://127.0.0.1:9 does not answer")
    assert output.err.endswith("; check S3_ENDPOINT_URL and that the server is running")


def test_no_credentials_are_one_line(s3: S3Server, tmp_path: Path) -> None:
    output = S3FetchCommand(
        s3.url, tmp_path, (("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", ""))
    ).run()
    assert output.err.startswith("error: no AWS credentials were found; set AWS_ACCESS_KEY_ID and")
    assert (output.exit_code, output.err.count("\n")) == (1, 0)


def test_an_address_that_is_none_is_one_line(tmp_path: Path) -> None:
    output = S3FetchCommand("not an address", tmp_path).run()
    assert output.err.startswith(f"error: cannot use s3://{BUCKET} at not an address")
    assert S3FetchCommand(NOWHERE, tmp_path).run("s3://").err == (
        "error: 's3://' is not an S3 address; write it as s3://bucket/folder"
    )


def test_denied_access_is_one_line(s3: S3Server, tmp_path: Path) -> None:
    s3.is_denying = True
    output = S3FetchCommand(s3.url, tmp_path).run()
    assert output.err == (
        f"error: access to s3://{BUCKET} at {s3.url} is denied (403); "
        "check that the credentials may list, read and write the bucket"
    )
