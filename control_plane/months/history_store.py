"""The folders of the history, on this machine or in S3: what lies there, and how to get hold of it."""

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from control_plane.aws import ABSENT, client, code_of, parse_s3_uri, translate_aws_errors
from control_plane.settings import SparkSettings
from stack.files import sha256_of

S3 = "s3://"
FOOTER_BYTES = 1 << 20
"""Far more than the footer of a month has."""


@dataclass(frozen=True)
class StoredFile:
    """A file by its path below the place."""

    path: str
    size: int
    etag: str = ""
    """S3's own word for its content."""

    @property
    def name(self) -> str:
        """Without its folder."""
        return self.path.rpartition("/")[2]


class HistoryStore(Protocol):
    """A folder with folders in it; paths are relative to it."""

    @property
    def address(self) -> str:
        """As people write it."""

    def files(self, folder: str) -> Sequence[StoredFile]:
        """What lies in a folder itself, by name; nothing where there is no folder."""

    def holds_anything(self, folder: str) -> bool:
        """Whether there is any file below a folder, however deep."""

    def fingerprint(self, file: StoredFile) -> str:
        """Changes with the content."""

    def rows(self, file: StoredFile) -> int | None:
        """How many rows a Parquet file says that it has; None for another."""

    def text(self, path: str) -> str:
        """A small file; empty where there is none."""

    def local_copy(self, folder: str) -> AbstractContextManager[Path]:
        """The folder's files on this machine, for as long as the context lasts."""


def open_store(address: str) -> HistoryStore:
    """The place of this address, as the settings write it."""
    return Bucket(address) if address.startswith(S3) else LocalFolder(address)


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine."""

    address: str

    def files(self, folder: str) -> Sequence[StoredFile]:
        """What lies in it."""
        found = sorted(path for path in (Path(self.address) / folder).glob("*") if path.is_file())
        return [StoredFile(_joined(folder, path.name), path.stat().st_size) for path in found]

    def holds_anything(self, folder: str) -> bool:
        """Whether there is any file."""
        return any(path.is_file() for path in (Path(self.address) / folder).rglob("*"))

    def fingerprint(self, file: StoredFile) -> str:
        """Its hash."""
        return sha256_of(Path(self.address) / file.path)

    def rows(self, file: StoredFile) -> int | None:
        """As its end says."""
        return _rows_of((Path(self.address) / file.path).open("rb"), file)

    def text(self, path: str) -> str:
        """A small file."""
        file = Path(self.address) / path
        return file.read_text("utf-8") if file.exists() else ""

    @contextmanager
    def local_copy(self, folder: str) -> Iterator[Path]:
        """The folder itself."""
        yield Path(self.address) / folder


@dataclass(frozen=True)
class Bucket:
    """A prefix in S3; the credentials and the endpoint are those of the settings."""

    address: str

    def files(self, folder: str) -> Sequence[StoredFile]:
        """What lies in it, without what lies deeper."""
        with translate_aws_errors(f"{self.address}/{folder}"):
            return list(self._objects(folder, Delimiter="/"))

    def holds_anything(self, folder: str) -> bool:
        """Whether there is any object."""
        with translate_aws_errors(f"{self.address}/{folder}"):
            return next(self._objects(folder), None) is not None

    def fingerprint(self, file: StoredFile) -> str:
        """What S3 says of it."""
        return file.etag

    def rows(self, file: StoredFile) -> int | None:
        """As its end says; the rest stays where it is."""
        if file.size == 0:
            return None
        end = f"bytes=-{FOOTER_BYTES}"
        with translate_aws_errors(f"{self.address}/{file.path}"):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(file.path), Range=end)
            return _rows_of(io.BytesIO(answer["Body"].read()), file)

    def text(self, path: str) -> str:
        """A small object."""
        with translate_aws_errors(f"{self.address}/{path}"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._key(path))
                return str(answer["Body"].read().decode())
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return ""
                raise

    @contextmanager
    def local_copy(self, folder: str) -> Iterator[Path]:
        """A copy of its files, which is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="taxi-history-") as name:
            for file in self.files(folder):
                with translate_aws_errors(f"{self.address}/{file.path}"):
                    target = Path(name) / file.name
                    self._client.download_file(self._bucket, self._key(file.path), str(target))
            yield Path(name)

    def _objects(self, folder: str, **how: str) -> Iterator[StoredFile]:
        prefix = _joined(self._key(folder), "")
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, **how
        )
        for found in (one for page in pages for one in page.get("Contents", [])):
            name = found["Key"].removeprefix(prefix)
            if name and not name.endswith("/"):  # a folder of Hadoop's is an object too
                etag = found.get("ETag", str(found["LastModified"]))
                yield StoredFile(_joined(folder, name), found["Size"], etag.strip('"'))

    def _key(self, path: str) -> str:
        return _joined(parse_s3_uri(self.address)[1], path).rstrip("/")

    @property
    def _bucket(self) -> str:
        return parse_s3_uri(self.address)[0]

    @cached_property
    def _client(self) -> Any:
        return client("s3", SparkSettings.from_environment())


def _rows_of(content: BinaryIO, file: StoredFile) -> int | None:
    """From the footer of Parquet; a file whose footer cannot be read is for Spark to judge."""
    with content:
        try:
            return int(pq.read_metadata(content).num_rows) if file.name.endswith(".parquet") else None
        except pa.ArrowException:
            return None


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
