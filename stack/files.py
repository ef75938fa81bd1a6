"""Files that are read and written whole."""

import hashlib
import tarfile
from pathlib import Path


def sha256_of(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Unpack an archive whose hash vouches for its content."""
    # Python 3.11.2, as Debian has it, knows no filters yet.
    archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
    archive.extractall(folder)  # noqa: S202
