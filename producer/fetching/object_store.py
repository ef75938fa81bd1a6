"""Give the same file operations for a local folder and for an S3 prefix.

The control plane uses them too: for the history, the EMR logs, the packages and the code of jobs.
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
    """A file, by its path relative to the store's address."""

    path: str
    size: int
    etag: str = ""
    """S3's ETag; it changes with the content."""

    @property
    def name(self) -> str:
        """Return the file name without its folder."""
        return self.path.rpartition("/")[2]


class ObjectStore(Protocol):
    """A folder tree. Paths are relative to its address; an error of S3 is raised as AwsError."""

    @property
    def address(self) -> str:
        """Return the address as a path or as s3://bucket/prefix."""

    def files(self, folder: str = "") -> Sequence[StoredFile]:
        """List the files directly in a folder, sorted by name; empty if the folder does not exist."""

    def files_below(self, folder: str = "") -> Iterator[StoredFile]:
        """Yield the files of a folder and of its subfolders, sorted by path."""

    def fingerprint(self, file: StoredFile) -> str:
        """Return a value that changes with the content."""

    def read(self, path: str) -> bytes | None:
        """Return the content of a small file; None if it does not exist."""

    def read_end(self, path: str, count: int) -> bytes:
        """Return at most the last `count` bytes of a file that is not empty."""

    def local_copy(self, folder: str) -> AbstractContextManager[Path]:
        """Provide the folder's files on this machine until the context ends."""


def open_store(address: str, *, endpoint_url: str | None = None, region: str | None = None) -> ObjectStore:
    """Open the store at a folder or at s3://bucket/prefix; sends no request yet."""
    if is_s3_uri(address):
        return S3Prefix.of(address, endpoint_url=endpoint_url, region=region)
    return LocalFolder(address)


@dataclass(frozen=True)
class LocalFolder:
    """An object store in a folder of this machine."""

    address: str

    def files(self, folder: str = "") -> Sequence[StoredFile]:
        """List its files, sorted by name."""
        return [self._stored(path) for path in sorted(self._path(folder).glob("*")) if path.is_file()]

    def files_below(self, folder: str = "") -> Iterator[StoredFile]:
        """Yield its files and those of its subfolders."""
        return (self._stored(path) for path in sorted(self._path(folder).rglob("*")) if path.is_file())

    def fingerprint(self, file: StoredFile) -> str:
        """Return the SHA-256 of the file."""
        with self._path(file.path).open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()

    def read(self, path: str) -> bytes | None:
        """Return the content; None if the file does not exist."""
        file = self._path(path)
        return file.read_bytes() if file.exists() else None

    def read_end(self, path: str, count: int) -> bytes:
        """Return the last bytes."""
        with self._path(path).open("rb") as content:
            content.seek(max(0, self._path(path).stat().st_size - count))
            return content.read()

    @contextmanager
    def local_copy(self, folder: str) -> Iterator[Path]:
        """Provide the folder itself, not a copy."""
        yield self._path(folder)

    def _path(self, path: str) -> Path:
        return Path(self.address) / path

    def _stored(self, path: Path) -> StoredFile:
        return StoredFile(path.relative_to(self.address).as_posix(), path.stat().st_size)


@dataclass(frozen=True)
class S3Prefix:
    """An S3 prefix, accessed with AWS's default credential chain.

    Several threads may use it after the first request.
    """

    bucket: str
    prefix: str = ""
    endpoint_url: str | None = None
    region: str | None = None

    @classmethod
    def of(cls, address: str, *, endpoint_url: str | None = None, region: str | None = None) -> "S3Prefix":
        """Parse s3://bucket/prefix."""
        bucket, prefix = parse_s3_uri(address)
        return cls(bucket, prefix.strip("/"), endpoint_url, region)

    @property
    def address(self) -> str:
        """Return s3://bucket/prefix."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def uri(self, path: str) -> str:
        """Return the s3:// URI of an object."""
        return f"{self.address}/{path}".rstrip("/")

    def key(self, path: str) -> str:
        """Return the key of an object in the bucket."""
        return _joined(self.prefix, path).rstrip("/")

    def check(self) -> None:
        """Raise AwsError unless the bucket answers."""
        with self._translate_errors(f"s3://{self.bucket}"):
            self._client.head_bucket(Bucket=self.bucket)

    def files(self, folder: str = "") -> Sequence[StoredFile]:
        """List the objects directly below the prefix, without those deeper down."""
        return list(self._objects(folder, Delimiter="/"))

    def files_below(self, folder: str = "") -> Iterator[StoredFile]:
        """Yield all objects below the prefix."""
        return self._objects(folder)

    def fingerprint(self, file: StoredFile) -> str:
        """Return the ETag."""
        return file.etag

    def stored_bytes(self, path: str) -> int | None:
        """Return the size of the object; None if it does not exist."""
        found = self.head(path)
        return int(found["ContentLength"]) if found else None

    def head(self, path: str, **options: str) -> Mapping[str, Any] | None:
        """Return the object's metadata (HeadObject); None if it does not exist."""
        with self._translate_errors(self.uri(path)):
            return self._or_none("head_object", Key=self.key(path), **options)

    def read(self, path: str) -> bytes | None:
        """Return the content; None if the object does not exist."""
        with self._translate_errors(self.uri(path)):
            found = self._or_none("get_object", Key=self.key(path))
            return bytes(found["Body"].read()) if found else None

    def read_end(self, path: str, count: int) -> bytes:
        """Return the last bytes with a range request."""
        with self._translate_errors(self.uri(path)):
            found = self._client.get_object(Bucket=self.bucket, Key=self.key(path), Range=f"bytes=-{count}")
            return bytes(found["Body"].read())

    def download(self, path: str, target: Path) -> None:
        """Download the object to a file atomically."""
        with self._translate_errors(self.uri(path)):
            self._client.download_file(self.bucket, self.key(path), str(target))

    @contextmanager
    def local_copy(self, folder: str) -> Iterator[Path]:
        """Download the files to a temporary folder, which is deleted when the context ends."""
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
        """Upload the file unless the object is equal; return whether anything was sent.

        `metadata` applies to a new object. An upload that an earlier run left unfinished is continued: parts
        that S3 already has are not sent again.
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
        """Accept that another process completed the same upload, provided that the object is now equal."""
        if not self._holds(path, fingerprint):
            raise AwsError(
                f"another process ended the upload of {self.uri(path)}", "run the same command again"
            )

    def _holds(self, path: str, fingerprint: Fingerprint) -> bool:
        stored = self.head(path, ChecksumMode="ENABLED") or {}
        # S3 and compatible services differ in whether the part count follows the checksum here.
        checksum = str(stored.get("ChecksumSHA256", "")).partition("-")[0]
        return (
            stored.get("ContentLength") == fingerprint.size
            and checksum == fingerprint.checksum.partition("-")[0]
        )

    def _or_none(self, operation: str, **request: str) -> Mapping[str, Any] | None:
        """Return the response about an object; None if the object does not exist."""
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
                if name and not name.endswith("/"):  # Hadoop stores a folder as an object too
                    etag = found.get("ETag", str(found["LastModified"]))
                    yield StoredFile(_joined(folder, name), found["Size"], etag.strip('"'))

    def _translate_errors(self, uri: str) -> AbstractContextManager[None]:
        place = self.endpoint_url or "AWS"
        service = AwsService(
            name=f"S3 at {place}",
            unreachable="check S3_ENDPOINT_URL and that the server is running",
            denied="check that the credentials may list, read and write the bucket",
            absent_remedy="create the bucket, or use another one",
            invalid="check the address and S3_ENDPOINT_URL",
        )
        return translate_aws_errors(f"{uri} at {place}", service)

    @cached_property
    def _client(self) -> Any:
        return aws_client("s3", region=self.region, endpoint_url=self.endpoint_url)


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
