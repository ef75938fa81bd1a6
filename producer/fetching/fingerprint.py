"""Compute the checksum that S3 reports for a multipart upload: SHA-256 of the parts' SHA-256.

Parts are always of the same size, so that the same file has the same checksum everywhere.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

PART_BYTES = 8 << 20
"""Changing this changes every checksum: all objects would be uploaded again."""


@dataclass(frozen=True)
class UploadPart:
    """One part of a file: S3 knows it by its number, its MD5 (the ETag) and its SHA-256."""

    number: int
    size: int
    md5: str
    sha256: bytes

    @property
    def checksum(self) -> str:
        """Return the SHA-256 in S3's encoding."""
        return _text(self.sha256)

    def is_same_as(self, stored: Mapping[str, Any]) -> bool:
        """Return whether S3 holds the same bytes.

        Where it does not list the SHA-256, compare the ETag (MD5).
        """
        checksum = stored.get("ChecksumSHA256")
        has_same_bytes = checksum == self.checksum if checksum else stored.get("ETag") == f'"{self.md5}"'
        return stored.get("Size") == self.size and has_same_bytes


@dataclass(frozen=True)
class Fingerprint:
    """The parts of a file; two files are equal when their sizes and checksums are."""

    parts: tuple[UploadPart, ...]

    @classmethod
    def of(cls, file: Path) -> "Fingerprint":
        """Read the file once, part by part."""
        with file.open("rb") as content:
            return cls(tuple(_part(number, data) for number, data in enumerate(parts_of(content), start=1)))

    @property
    def size(self) -> int:
        """Return the size in bytes."""
        return sum(part.size for part in self.parts)

    @property
    def checksum(self) -> str:
        """Return the checksum as S3 shows it: SHA-256 of the parts' SHA-256, and the number of parts."""
        whole = hashlib.sha256(b"".join(part.sha256 for part in self.parts)).digest()
        return f"{_text(whole)}-{len(self.parts)}"


def parts_of(content: BinaryIO) -> Iterator[bytes]:
    """Yield the file's bytes, part by part; an empty file has one empty part."""
    data = content.read(PART_BYTES)
    while True:
        yield data
        data = content.read(PART_BYTES)
        if not data:
            return


def _part(number: int, data: bytes) -> UploadPart:
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return UploadPart(number, len(data), md5, hashlib.sha256(data).digest())


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")
