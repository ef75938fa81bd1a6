"""Upload to S3 so that the next run continues a killed upload; an object appears only when complete."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from producer.fetching.fingerprint import Fingerprint, UploadPart, parts_of

OnSent = Callable[[int], None]


class UploadEndedError(Exception):
    """Another process completed the upload, or aborted it."""


@dataclass(frozen=True)
class ResumableUpload:
    """The multipart upload of a file to one key."""

    client: Any
    bucket: str
    key: str
    metadata: Mapping[str, str]

    def send(self, file: Path, fingerprint: Fingerprint, on_sent: OnSent) -> None:
        """Send the missing parts; raises UploadEndedError."""
        upload_id = self._unfinished() or self._begin()
        upload = {"Bucket": self.bucket, "Key": self.key, "UploadId": upload_id}
        try:
            self._send(upload, file, fingerprint, on_sent)
        except self.client.exceptions.NoSuchUpload:
            raise UploadEndedError from None

    def _unfinished(self) -> str | None:
        """Return the newest unfinished upload of the key.

        Aborts older ones, because their parts cost money.
        """
        pages = self.client.get_paginator("list_multipart_uploads")
        found = pages.paginate(Bucket=self.bucket, Prefix=self.key)
        uploads = [
            upload for page in found for upload in page.get("Uploads", []) if upload["Key"] == self.key
        ]
        uploads.sort(key=lambda upload: upload["Initiated"])
        keep = uploads.pop() if uploads and uploads[-1].get("ChecksumAlgorithm") == "SHA256" else None
        for upload in uploads:
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=upload["UploadId"])
        return str(keep["UploadId"]) if keep else None

    def _begin(self) -> str:
        begun = self.client.create_multipart_upload(
            Bucket=self.bucket,
            Key=self.key,
            ChecksumAlgorithm="SHA256",
            ChecksumType="COMPOSITE",
            Metadata=dict(self.metadata),
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
        # With the checksum S3 refuses bytes that were damaged in transit, or that changed since they were
        # read.
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
