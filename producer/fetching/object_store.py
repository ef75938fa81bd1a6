"""Files below an address, in a folder of this machine or in S3: the same questions to both.

The control plane uses it too, for the history, the logs of EMR, the packages and the code of jobs.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from producer.fetching.fingerprint import Fingerprint
from producer.fetching.resumable_upload import OnSent, ResumableUpload, UploadEndedError
from schemas.aws import (
    AwsError,
    AwsService,
    aws_client,
    is_absent,
    is_s3_uri,
    parse_s3_uri,
    translate_aws_errors,
)


@dataclass(frozen=True)
class StoredFile:
    """A file by its path below the store's address."""

    path: str
    size: int
    etag: str = ""
    """What S3 calls its content."""

    @property
    def name(self) -> str:
        """Without its folder."""
        return self.path.rpartition("/")[2]


class ObjectStore(Protocol):
    """A folder with folders in it; paths are relative to it. What S3 refuses is an AwsError."""

    @property
    def address(self) -> str:
        """As people write it."""

    def files(self, folder: str = "") -> Sequence[StoredFile]:
        """What lies in a folder itself, by name; nothing where there is no folder."""

    def files_below(self, folder: str = "") -> Iterator[StoredFile]:
        """What lies in a folder, however deep, by path."""

    def fingerprint(self, file: StoredFile) -> str:
        """Changes with the content."""

    def read(self, path: str) -> bytes | None:
        """A small file; None where there is none."""

    def read_end(self, path: str, count: int) -> bytes:
        """The last bytes of a file that is not empty, at most so many."""

    def local_copy(self, folder: str) -> AbstractContextManager[Path]:
        """The folder's files on this machine, for as long as the context lasts."""


def open_store(address: str, *, endpoint_url: str | None = None, region: str | None = None) -> ObjectStore:
    """The store at a folder or at s3://bucket/prefix; nothing is asked of it yet."""
    if is_s3_uri(address):
        return S3Prefix.of(address, endpoint_url=endpoint_url, region=region)
    return LocalFolder(address)


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine."""

    address: str

    def files(self, folder: str = "") -> Sequence[StoredFile]:
        """What lies in it, by name."""
        return [self._stored(path) for path in sorted(self._path(folder).glob("*")) if path.is_file()]

    def files_below(self, folder: str = "") -> Iterator[StoredFile]:
        """What lies in it, however deep."""
        return (self._stored(path) for path in sorted(self._path(folder).rglob("*")) if path.is_file())

    def fingerprint(self, file: StoredFile) -> str:
        """Its SHA-256."""
        with self._path(file.path).open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()

    def read(self, path: str) -> bytes | None:
        """The whole file."""
        file = self._path(path)
        return file.read_bytes() if file.exists() else None

    def read_end(self, path: str, count: int) -> bytes:
        """Its last bytes."""
        with self._path(path).open("rb") as content:
            content.seek(max(0, self._path(path).stat().st_size - count))
            return content.read()

    @contextmanager
    def local_copy(self, folder: str) -> Iterator[Path]:
        """The folder itself."""
        yield self._path(folder)

    def _path(self, path: str) -> Path:
        return Path(self.address) / path

    def _stored(self, path: Path) -> StoredFile:
        return StoredFile(path.relative_to(self.address).as_posix(), path.stat().st_size)


@dataclass(frozen=True)
class S3Prefix:
    """A prefix in a bucket, with the credentials of AWS' usual chain.

    Several threads may use it once the first request is made.
    """

    bucket: str
    prefix: str = ""
    endpoint_url: str | None = None
    region: str | None = None

    @classmethod
    def of(cls, address: str, *, endpoint_url: str | None = None, region: str | None = None) -> "S3Prefix":
        """The prefix that s3://bucket/prefix names."""
        bucket, prefix = parse_s3_uri(address)
        return cls(bucket, prefix.strip("/"), endpoint_url, region)

    @property
    def address(self) -> str:
        """As AWS' own programs write it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def uri(self, path: str) -> str:
        """An object as people write it."""
        return f"{self.address}/{path}".rstrip("/")

    def key(self, path: str) -> str:
        """An object's key in the bucket."""
        return _joined(self.prefix, path).rstrip("/")

    def check(self) -> None:
        """AwsError unless the bucket answers."""
        with self._translate_errors(f"s3://{self.bucket}"):
            self._client.head_bucket(Bucket=self.bucket)

    def files(self, folder: str = "") -> Sequence[StoredFile]:
        """What lies in it, without what lies deeper."""
        return list(self._objects(folder, Delimiter="/"))

    def files_below(self, folder: str = "") -> Iterator[StoredFile]:
        """What lies in it, however deep."""
        return self._objects(folder)

    def fingerprint(self, file: StoredFile) -> str:
        """What S3 calls its content."""
        return file.etag

    def stored_bytes(self, path: str) -> int | None:
        """Size of the object, or nothing if there is none."""
        found = self.head(path)
        return int(found["ContentLength"]) if found else None

    def head(self, path: str, **options: str) -> Mapping[str, Any] | None:
        """What S3 notes of the object, or nothing if there is none."""
        with self._translate_errors(self.uri(path)):
            return self._or_none("head_object", Key=self.key(path), **options)

    def read(self, path: str) -> bytes | None:
        """The whole object."""
        with self._translate_errors(self.uri(path)):
            found = self._or_none("get_object", Key=self.key(path))
            return bytes(found["Body"].read()) if found else None

    def read_end(self, path: str, count: int) -> bytes:
        """Its last bytes; the rest stays where it is."""
        with self._translate_errors(self.uri(path)):
            found = self._client.get_object(Bucket=self.bucket, Key=self.key(path), Range=f"bytes=-{count}")
            return bytes(found["Body"].read())

    def download(self, path: str, target: Path) -> None:
        """Copy the object to a file, whole or not at all."""
        with self._translate_errors(self.uri(path)):
            self._client.download_file(self.bucket, self.key(path), str(target))

    @contextmanager
    def local_copy(self, folder: str) -> Iterator[Path]:
        """A copy of its files, which is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="taxi-s3-") as name:
            for file in self.files(folder):
                self.download(file.path, Path(name) / file.name)
            yield Path(name)

    def put(
        self,
        file: Path,
        path: str,
        on_sent: OnSent = lambda _: None,
        metadata: Mapping[str, str] = MappingProxyType({}),
    ) -> bool:
        """Make the object equal to the file; says whether anything was sent. `metadata` is that of a new one.

        An upload that an earlier run left unfinished is continued: parts that are there are not sent again.
        """
        fingerprint = Fingerprint.of(file)
        with self._translate_errors(self.uri(path)):
            if self._holds(path, fingerprint):
                return False
            try:
                upload = ResumableUpload(self._client, self.bucket, self.key(path), metadata)
                upload.send(file, fingerprint, on_sent)
            except UploadEndedError:
                self._accept_the_others(path, fingerprint)
        return True

    def _accept_the_others(self, path: str, fingerprint: Fingerprint) -> None:
        """Another process ended the same upload: well if the object is the same now."""
        if not self._holds(path, fingerprint):
            raise AwsError(
                f"the upload of {self.uri(path)} was ended by another process", "run the same command again"
            )

    def _holds(self, path: str, fingerprint: Fingerprint) -> bool:
        stored = self.head(path, ChecksumMode="ENABLED") or {}
        # S3 and its stand-ins differ in whether the count of parts follows the checksum here.
        checksum = str(stored.get("ChecksumSHA256", "")).partition("-")[0]
        return (
            stored.get("ContentLength") == fingerprint.size
            and checksum == fingerprint.checksum.partition("-")[0]
        )

    def _or_none(self, operation: str, **request: str) -> Mapping[str, Any] | None:
        """The answer about an object, or nothing if there is none."""
        try:
            answer: Mapping[str, Any] = getattr(self._client, operation)(Bucket=self.bucket, **request)
        except self._client.exceptions.ClientError as error:
            if is_absent(error):
                return None
            raise
        return answer

    def _objects(self, folder: str, **how: str) -> Iterator[StoredFile]:
        prefix = _joined(self.key(folder), "")
        with self._translate_errors(self.uri(folder)):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, **how
            )
            for found in (one for page in pages for one in page.get("Contents", [])):
                name = found["Key"].removeprefix(prefix)
                if name and not name.endswith("/"):  # a folder of Hadoop's is an object too
                    etag = found.get("ETag", str(found["LastModified"]))
                    yield StoredFile(_joined(folder, name), found["Size"], etag.strip('"'))

    def _translate_errors(self, uri: str) -> AbstractContextManager[None]:
        place = self.endpoint_url or "AWS"
        service = AwsService(
            name=f"S3 at {place}",
            unreachable="check S3_ENDPOINT_URL and that the server runs",
            denied="check the credentials and their rights to list, read and write the bucket",
            absent_remedy="make the bucket first, or name another",
            invalid="check the address and S3_ENDPOINT_URL",
        )
        return translate_aws_errors(f"{uri} at {place}", service)

    @cached_property
    def _client(self) -> Any:
        return aws_client("s3", region=self.region, endpoint_url=self.endpoint_url)


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
