"""Files and folders that are read and written whole."""

import hashlib
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder next to the target, which it replaces when the block ends; one at a time.

    The remains of a killed process are removed first.
    """
    draft = target.with_name(f"{target.name}-draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o755, parents=True)
    yield draft
    shutil.rmtree(target, ignore_errors=True)
    draft.replace(target)


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Unpack a trusted archive: its hash was checked."""
    # Python 3.11.2, as in Debian, has no filters yet.
    archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
    archive.extractall(folder)  # noqa: S202
