"""Write files that appear whole or not at all: after a crash, a power cut, or with concurrent writers.

It is in `schemas` because the producer and the local stack both write such files, and `schemas` is the only
package that both may import.
"""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PRIVATE = 0o600
"""Mode of a file that other users cannot read at any moment."""


@contextmanager
def atomic_path(target: Path, mode: int | None = None) -> Iterator[Path]:
    """Yield a path next to the target; it replaces the target at the end, and is removed on an error.

    Without a mode the file keeps the mode of the one that it replaces.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # Readers that list `*.json` or `*.parquet` in a folder never see it.
    draft = target.with_name(f".{target.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")
    _create(draft, mode, target)
    try:
        yield draft
        _sync(draft)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync(target.parent)


def write_atomically(target: Path, content: str | bytes, mode: int | None = None) -> None:
    """Replace the file's content in one step; text is written as UTF-8."""
    with atomic_path(target, mode) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


def write_json(target: Path, value: Any, mode: int | None = None) -> None:
    """Replace the file with this value as indented JSON."""
    write_atomically(target, json.dumps(value, indent=2) + "\n", mode)


def _create(draft: Path, mode: int | None, target: Path) -> None:
    """Create the empty file with its final mode, so that its content is never exposed to more users."""
    wanted = mode if mode is not None or not target.exists() else target.stat().st_mode & 0o777
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if wanted is None else wanted)
    try:
        if wanted is not None:
            os.fchmod(descriptor, wanted)  # an explicit mode overrides the umask
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    """Flush the file to disk; for a folder, its list of files."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
