"""Files as S3 objects: an object appears only when it is whole, and is not sent again when it is there."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from producer.fetching.fingerprint import Fingerprint, UploadPart, parts_of
from producer.fetching.object_store_errors import ObjectStoreError, code_of, translate_store_errors
from schemas.errors import UserError

SCHEME = "s3://"
CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 4})

OnSent = Callable[[int], None]


@dataclass(frozen=True)
class S3Prefix:
    """A prefix in a bucket. Safe to use from several threads."""

    bucket: str
    prefix: str
    client: Any
    endpoint: str

    def key(self, path: str) -> str:
        """The object's key in the bucket."""
        return f"{self.prefix}/{path}" if self.prefix else path

    def address(self, path: str) -> str:
        """The object as people write it."""
        return f"{SCHEME}{self.bucket}/{self.key(path)}"

    def check(self) -> None:
        """ObjectStoreError unless the bucket answers."""
        with self._translate_errors():
            self.client.head_bucket(Bucket=self.bucket)

    def stored_bytes(self, path: str) -> int | None:
        """Size of the object, or nothing if there is none."""
        with self._translate_errors():
            stored = self._stored(self.key(path))
        return int(stored["ContentLength"]) if stored else None

    def put(self, file: Path, path: str, on_sent: OnSent) -> bool:
        """Make the object equal to the file; says whether anything was sent.

        An upload that an earlier run left unfinished is continued: parts that are there are not sent again.
        """
        fingerprint, key = Fingerprint.of(file), self.key(path)
        with self._translate_errors():
            if self._holds(key, fingerprint):
                return False
            upload_id = self._unfinished(key) or self._begin(key)
            upload = {"Bucket": self.bucket, "Key": key, "UploadId": upload_id}
            try:
                self._send(upload, file, fingerprint, on_sent)
            except self.client.exceptions.NoSuchUpload:
                self._accept_the_others(key, fingerprint, path)
        return True

    def _accept_the_others(self, key: str, fingerprint: Fingerprint, path: str) -> None:
        """Another process finished or gave up the same upload: well if the object is the same now."""
        if not self._holds(key, fingerprint):
            raise ObjectStoreError(
                f"the upload of {self.address(path)} was ended by another process",
                "run the same command again",
            )

    def _stored(self, key: str) -> Mapping[str, Any] | None:
        try:
            stored: Mapping[str, Any] = self.client.head_object(
                Bucket=self.bucket, Key=key, ChecksumMode="ENABLED"
            )
        except ClientError as error:
            if code_of(error) in {"404", "NoSuchKey"}:
                return None
            raise
        return stored

    def _holds(self, key: str, fingerprint: Fingerprint) -> bool:
        stored = self._stored(key) or {}
        # S3 and its stand-ins differ in whether the count of parts follows the checksum here.
        checksum = str(stored.get("ChecksumSHA256", "")).partition("-")[0]
        return (
            stored.get("ContentLength") == fingerprint.size
            and checksum == fingerprint.checksum.partition("-")[0]
        )

    def _unfinished(self, key: str) -> str | None:
        """The newest unfinished upload of the key; older ones are aborted, for their parts cost money."""
        pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=key)
        uploads = [upload for page in pages for upload in page.get("Uploads", []) if upload["Key"] == key]
        uploads.sort(key=lambda upload: upload["Initiated"])
        keep = uploads.pop() if uploads and uploads[-1].get("ChecksumAlgorithm") == "SHA256" else None
        for upload in uploads:
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload["UploadId"])
        return str(keep["UploadId"]) if keep else None

    def _begin(self, key: str) -> str:
        begun = self.client.create_multipart_upload(
            Bucket=self.bucket, Key=key, ChecksumAlgorithm="SHA256", ChecksumType="COMPOSITE"
        )
        return str(begun["UploadId"])

    def _send(self, upload: Mapping[str, str], file: Path, fingerprint: Fingerprint, on_sent: OnSent) -> None:
        there, etags, sent = self._parts_there(upload), [], 0
        with file.open("rb") as content:
            for part, data in zip(fingerprint.parts, parts_of(content), strict=True):
                stored = there.get(part.number, {})
                etags.append(
                    stored["ETag"] if part.is_same_as(stored) else self._send_part(upload, part, data)
                )
                sent += part.size
                on_sent(sent)
        self._complete(upload, fingerprint, etags)

    def _parts_there(self, upload: Mapping[str, str]) -> dict[int, Mapping[str, Any]]:
        pages = self.client.get_paginator("list_parts").paginate(**upload)
        return {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}

    def _send_part(self, upload: Mapping[str, str], part: UploadPart, data: bytes) -> str:
        # By the checksum S3 refuses bytes that were spoiled on the way, or that changed since they were read.
        answer = self.client.upload_part(
            **upload, PartNumber=part.number, Body=data, ChecksumSHA256=part.checksum
        )
        return str(answer["ETag"])

    def _complete(self, upload: Mapping[str, str], fingerprint: Fingerprint, etags: list[str]) -> None:
        parts = [
            {"PartNumber": part.number, "ETag": etag, "ChecksumSHA256": part.checksum}
            for part, etag in zip(fingerprint.parts, etags, strict=True)
        ]
        self.client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        with translate_store_errors(self.bucket, self.endpoint):
            yield


def open_folder(address: str, endpoint_url: str | None) -> S3Prefix:
    """`s3://bucket/prefix`, with the credentials and region of the standard AWS chain."""
    bucket, _, prefix = address.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise UserError(f"{address!r} names no bucket", "write it as s3://bucket/raw-data")
    endpoint = endpoint_url or "AWS"
    with translate_store_errors(bucket, endpoint):
        client = boto3.client("s3", endpoint_url=endpoint_url, config=CONFIG)
    return S3Prefix(bucket, prefix.strip("/"), client, endpoint)
