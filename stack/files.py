"""Files that are read and written whole."""

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
