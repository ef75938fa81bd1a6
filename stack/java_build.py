"""Builds the project's own Java, the Flink formats, into one jar."""

import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path

from stack.errors import UserError
from stack.filelock import file_lock
from stack.jars import ensure
from stack.parts.flink import distribution
from stack.parts.java import class_path, java
from stack.settings import ROOT, Settings

FOLDER = ROOT / "flink_jobs" / "java"
JAR_NAME = "taxi-flink-formats.jar"
# The oldest time that a zip can hold: with the real one each build would be another jar.
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
RELEASE = "17"


def ensure_formats_jar(folder: Path = FOLDER, build: Path | None = None) -> Path:
    """The jar of everything under `src` and `resources`, built when one of them has changed."""
    build = build or Settings.from_environment().build
    target = build / _content_hash(folder) / JAR_NAME
    if not target.exists():
        with file_lock(build / ".lock", "another ./taxi compiles the Java; waiting for it"):
            if not target.exists():
                _build(folder, target)
    return target


def _content_hash(folder: Path) -> str:
    content = hashlib.sha256(RELEASE.encode())
    for path in (*_files(folder), *_locks()):
        content.update(f"{path.name} {path.stat().st_size}\n".encode())
        content.update(path.read_bytes())
    return content.hexdigest()[:16]


def _locks() -> list[Path]:
    from stack.jars.lock import lock_path  # noqa: PLC0415

    return [lock_path("flink"), lock_path("ecj")]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _build(folder: Path, target: Path) -> None:
    sources = sorted((folder / "src").rglob("*.java"))
    if not sources:
        raise UserError(f"there is no Java under {folder / 'src'}", "git checkout flink_jobs/java")
    classes = target.parent / "classes"
    shutil.rmtree(classes, ignore_errors=True)
    classes.mkdir(parents=True)
    _compile(sources, classes)
    draft = target.with_suffix(".part")
    _write_jar(draft, (classes, folder / "resources"))
    draft.replace(target)
    shutil.rmtree(classes)


def _compile(sources: Iterable[Path], classes: Path) -> None:
    (compiler,) = ensure("ecj")
    libraries = class_path([*sorted((distribution() / "lib").glob("*.jar")), *ensure("flink")])
    # No `--release`: ecj would read older signatures from a JDK's ct.sym, which a runtime does not have.
    options = [
        "-source",
        RELEASE,
        "-target",
        RELEASE,
        "-encoding",
        "UTF-8",
        "-proc:none",
        "-nowarn",
        "-d",
        str(classes),
    ]
    command = [java(), "-jar", str(compiler), *options, "-cp", libraries, *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UserError(
            f"the Java under {FOLDER} does not compile:\n{done.stderr.strip() or done.stdout.strip()}"
        )


def _write_jar(path: Path, roots: Iterable[Path]) -> None:
    with zipfile.ZipFile(path, "w") as jar:
        for root in roots:
            for file in _files(root):
                entry = zipfile.ZipInfo(str(file.relative_to(root)), date_time=ZIP_EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                jar.writestr(entry, file.read_bytes())
