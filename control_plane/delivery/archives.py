"""Archives whose bytes depend only on their content: fixed times, sorted entries."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

from stack.toolchain.reproducible_zip import add_entry

LEFT_OUT = {"__pycache__", "java"}
QUICK = 1
"""The gzip level: the packages are a third larger than with the best, and are made in a fifth of the time."""


def code_files(root: Path, folders: Iterable[str], left_out: Set[str] = LEFT_OUT) -> dict[str, bytes]:
    """Read the source files of our own packages, by path below `root`."""
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*") if path.is_file())
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in paths
        if not left_out & set(path.relative_to(root).parts) and path.suffix not in {".md", ".pyc"}
    }


def write_zip(target: Path, files: Mapping[str, bytes]) -> None:
    """Write a zip of these files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            add_entry(archive, name, content)


def write_tar_gz(target: Path, files: Mapping[str, Path], programs: Mapping[str, bytes]) -> None:
    """Write a gzipped tar of files and small executable programs."""
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", QUICK, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted({*files, *programs}):
            content = programs[name] if name in programs else files[name].read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755 if name in programs else 0o644
            archive.addfile(entry, io.BytesIO(content))
