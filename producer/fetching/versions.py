"""Which version of a file was fetched: its site may have another by now, of a month that was re-issued."""

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
    """A version of a file as its site tells it; what the site does not tell is empty, a size None."""

    etag: str
    last_modified: str
    size: int | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "FileVersion":
        """The version that a whole answer carries."""
        size = headers.get("Content-Length", "")
        return cls(
            headers.get("ETag", ""), headers.get("Last-Modified", ""), int(size) if size.isdigit() else None
        )

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask for the file only if it is another one."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value}

    def differs_from(self, other: "FileVersion") -> bool:
        """Whether these are other bytes, by the first of tag, time and size that both have."""
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
    """What was noted when the file was fetched; None of one that came another way, or was changed since."""
    try:
        version = FileVersion(**json.loads(_note(file).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return version if version.size == file.stat().st_size else None


def note_version(file: Path, version: FileVersion) -> None:
    """Note of which version the file is."""
    write_json(_note(file), {**asdict(version), "size": file.stat().st_size})


def move_with_version(file: Path, target: Path) -> None:
    """Put the file in the place of another, its note with it."""
    version = read_version(file)
    _note(target).unlink(missing_ok=True)
    with atomic_path(target) as draft:
        shutil.copyfile(file, draft)
    if version:
        note_version(target, version)
    remove_with_version(file)


def remove_with_version(file: Path) -> None:
    """Remove the file and its note."""
    _note(file).unlink(missing_ok=True)
    file.unlink()


def content_damage(file: Path, headers: Mapping[str, str]) -> str | None:
    """What is wrong with a downloaded file by its ETag, where that is an MD5 as S3 gives it; else nothing.

    S3's ETag of a file that was sent in parts, or is encrypted with a key of AWS', is none.
    """
    named = _MD5.fullmatch(headers.get("ETag", ""))
    if named is None or headers.get(ENCRYPTION, "").startswith(KEYS_OF_AWS):
        return None
    with file.open("rb") as content:
        found = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return None if found == named[1] else "its bytes are not those that its ETag names"


def is_same_content(one: Path, two: Path) -> bool:
    """Whether two files have the same bytes."""
    return one.stat().st_size == two.stat().st_size and _sha256(one) == _sha256(two)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _note(file: Path) -> Path:
    return file.with_name(f".{file.name}.version")
