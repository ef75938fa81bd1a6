"""Files that appear whole or not at all: after a crash, a power cut, and when several write at the same time.

It stands among the contracts because the producer and the local stack both write such files, and `schemas` is
all that both may import.
"""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PRIVATE = 0o600
"""The mode of a file that at no moment anybody else can read."""


@contextmanager
def atomic_path(target: Path, mode: int | None = None) -> Iterator[Path]:
    """A new file beside the target, which replaces it when the block ends and vanishes when it raises.

    Without a mode the file keeps that of the one that it replaces.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # Readers that take `*.json` or `*.parquet` of a folder never see it.
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
    """Replace the file by this value, laid out for people."""
    write_atomically(target, json.dumps(value, indent=2) + "\n", mode)


def _create(draft: Path, mode: int | None, target: Path) -> None:
    """Make the empty file with its final mode: what is written into it is never wider open."""
    wanted = mode if mode is not None or not target.exists() else target.stat().st_mode & 0o777
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if wanted is None else wanted)
    try:
        if wanted is not None:
            os.fchmod(descriptor, wanted)  # the umask has no say in a mode that was asked for
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    """Have the disk hold what was written; of a folder: which files are in it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
