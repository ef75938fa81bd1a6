"""Record which version of a file was fetched, because its site may have re-issued the month since."""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from schemas.atomic_file import atomic_path, write_json

_MD5 = re.compile(r'"([0-9a-f]{32})"')
ENCRYPTION = "x-amz-server-side-encryption"
KEYS_OF_AWS = "aws:kms"


@dataclass(frozen=True)
class FileVersion:
    """A version of a file as its site reports it; unreported fields are empty, an unreported size is None."""

    etag: str
    last_modified: str
    size: int | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "FileVersion":
        """Return the version that a complete response carries."""
        size = headers.get("Content-Length", "")
        return cls(
            headers.get("ETag", ""), headers.get("Last-Modified", ""), int(size) if size.isdigit() else None
        )

    @property
    def conditions(self) -> dict[str, str]:
        """Return headers that request the file only if it has changed."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value}

    def differs_from(self, other: "FileVersion") -> bool:
        """Return whether the bytes differ, by the first of ETag, time and size that both have."""
        pairs = (
            (self.etag.removeprefix("W/"), other.etag.removeprefix("W/")),
            (self.last_modified, other.last_modified),
            (self.size, other.size),
        )
        return next((one != two for one, two in pairs if one and two), False)

    def __str__(self) -> str:
        size = "" if self.size is None else f"{self.size:,} bytes"
        return ", ".join(filter(None, (size, self.last_modified and f"of {self.last_modified}")))


def read_version(file: Path) -> FileVersion | None:
    """Return the recorded version; None if the file came from another source, or was changed since."""
    try:
        version = FileVersion(**json.loads(_note(file).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return version if version.size == file.stat().st_size else None


def note_version(file: Path, version: FileVersion) -> None:
    """Record the version of the file."""
    write_json(_note(file), {**asdict(version), "size": file.stat().st_size})


def move_with_version(file: Path, target: Path) -> None:
    """Replace another file with this one and its record."""
    version = read_version(file)
    _note(target).unlink(missing_ok=True)
    with atomic_path(target) as draft:
        shutil.copyfile(file, draft)
    if version:
        note_version(target, version)
    remove_with_version(file)


def remove_with_version(file: Path) -> None:
    """Delete the file and its record."""
    _note(file).unlink(missing_ok=True)
    file.unlink()


def content_damage(file: Path, headers: Mapping[str, str]) -> str | None:
    """Return what is wrong with a downloaded file, if its ETag is an MD5 as S3 gives it; else None.

    S3's ETag is not an MD5 if the file was uploaded in parts, or is encrypted with a key of AWS KMS.
    """
    named = _MD5.fullmatch(headers.get("ETag", ""))
    if named is None or headers.get(ENCRYPTION, "").startswith(KEYS_OF_AWS):
        return None
    with file.open("rb") as content:
        found = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return None if found == named[1] else "its content does not match its ETag"


def is_same_content(one: Path, two: Path) -> bool:
    return one.stat().st_size == two.stat().st_size and _sha256(one) == _sha256(two)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _note(file: Path) -> Path:
    return file.with_name(f".{file.name}.version")
