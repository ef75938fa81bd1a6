"""A folder and a bucket answer the same questions alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from producer.fetching.object_store import LocalFolder, ObjectStore, S3Prefix, StoredFile, open_store
from schemas.aws import AwsNotFoundError
from tests.producer.s3_server import BUCKET, CREDENTIALS, S3Server, s3_server

pytestmark = pytest.mark.unit

FILES = {
    "b.csv": b"second",
    "a.csv": b"first",
    "month=01/c.csv": b"0123456789",
    "month=01/deep/d.csv": b"deep",
}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def s3(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], S3Prefix]:
    """A prefix by its path in the bucket."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return lambda prefix: S3Prefix.of(f"s3://{BUCKET}/{prefix}", endpoint_url=server.url)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """The files, here or there."""
    if request.param == "folder":
        for path, content in FILES.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)
        return LocalFolder(str(tmp_path))
    server = request.getfixturevalue("server")
    for path, content in {**FILES, "month=01/": b""}.items():
        server.client.put_object(Bucket=BUCKET, Key=f"files/{path}", Body=content)
    server.client.put_object(Bucket=BUCKET, Key="files-of-others/e.csv", Body=b"other")
    prefix: ObjectStore = request.getfixturevalue("s3")("files/")
    return prefix


def test_files_are_listed_by_name_in_a_folder_and_by_path_below_it(store: ObjectStore) -> None:
    assert [(file.path, file.size, file.name) for file in store.files()] == [
        ("a.csv", 5, "a.csv"),
        ("b.csv", 6, "b.csv"),
    ]
    assert [file.path for file in store.files("month=01")] == ["month=01/c.csv"]
    assert [file.path for file in store.files_below()] == sorted(FILES)
    assert [file.path for file in store.files_below("month=01")] == ["month=01/c.csv", "month=01/deep/d.csv"]
    assert (store.files("absent"), list(store.files_below("absent"))) == ([], [])


def test_a_file_is_read_whole_or_from_its_end_or_is_not_there(store: ObjectStore) -> None:
    assert store.read("month=01/c.csv") == b"0123456789"
    assert store.read("absent") is None
    assert store.read_end("month=01/c.csv", 3) == b"789"
    assert store.read_end("month=01/c.csv", 1_000) == b"0123456789"


def test_a_folder_can_be_had_on_this_machine(store: ObjectStore) -> None:
    with store.local_copy("month=01") as folder:
        assert (folder / "c.csv").read_bytes() == b"0123456789"


def test_a_fingerprint_is_that_of_the_content(store: ObjectStore) -> None:
    first, second = store.files()
    assert store.fingerprint(first) != store.fingerprint(second)
    assert store.fingerprint(first) == store.fingerprint(store.files()[0])


def test_an_address_is_written_in_one_way(tmp_path: Path) -> None:
    assert isinstance(open_store(str(tmp_path)), LocalFolder)
    bucket, prefix = open_store("s3a://bucket"), open_store("s3://bucket/raw/")
    assert (bucket.address, prefix.address) == ("s3://bucket", "s3://bucket/raw")
    assert S3Prefix.of("s3://bucket").uri("a/b.csv") == "s3://bucket/a/b.csv"
    assert StoredFile("a/b.csv", 1).name == "b.csv"


@pytest.mark.parametrize("content", [b"", b"a month"])
def test_what_is_put_is_there_and_is_not_sent_again(
    s3: Callable[[str], S3Prefix], tmp_path: Path, content: bytes
) -> None:
    store = s3(f"put-{len(content)}")
    (tmp_path / "file").write_bytes(content)
    assert store.put(tmp_path / "file", "month/file") is True
    assert (store.read("month/file"), store.stored_bytes("month/file")) == (content, len(content))
    assert store.put(tmp_path / "file", "month/file") is False
    store.download("month/file", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content


def test_what_is_not_there_cannot_be_brought(s3: Callable[[str], S3Prefix], tmp_path: Path) -> None:
    store = s3("nowhere")
    with pytest.raises(AwsNotFoundError, match=f"there is no s3://{BUCKET}/nowhere/file at http"):
        store.download("file", tmp_path / "file")
    assert (store.stored_bytes("file"), list(tmp_path.iterdir())) == (None, [])
