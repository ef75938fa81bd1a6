"""Build the project's Java: one jar for the jobs, one for the cluster."""

import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from schemas.atomic_file import atomic_path
from schemas.errors import UserError
from stack.locks import file_lock
from stack.settings import ROOT, StackSettings
from stack.toolchain.flink_wheel import distribution, prometheus_plugin
from stack.toolchain.jars import ensure
from stack.toolchain.jars.lock import lock_path
from stack.toolchain.java import class_path, java
from stack.toolchain.reproducible_zip import add_entry

FOLDER = ROOT / "flink_jobs" / "java"
REPORTER_FOLDER = ROOT / "stack" / "java"
RELEASE = "17"


@dataclass(frozen=True)
class JavaProject:
    """A Java source tree with its resources, and the jar built from both."""

    folder: Path
    jar_name: str
    locks: tuple[str, ...]
    """The components of stack/toolchain/jars used by the build: another version makes another jar."""
    libraries: Callable[[], list[Path]]


def ensure_formats_jar(folder: Path = FOLDER, build: Path | None = None) -> Path:
    """Return the jar of the jobs' formats and functions, built when one of them has changed."""
    project = JavaProject(folder, "taxi-flink-formats.jar", ("flink", "ecj"), lambda: ensure("flink"))
    return ensure_jar(project, build)


def ensure_reporter_jar(build: Path | None = None) -> Path:
    """Return the jar of the metrics reporter, which extends the one in Flink's distribution."""
    project = JavaProject(REPORTER_FOLDER, "taxi-flink-reporter.jar", ("ecj",), lambda: [prometheus_plugin()])
    return ensure_jar(project, build)


def ensure_jar(project: JavaProject, build: Path | None = None) -> Path:
    """Return the jar of a project, built when its code or its libraries have changed."""
    build = build or StackSettings.from_environment().build
    target = build / _content_hash(project) / project.jar_name
    if not target.exists():
        with file_lock(build / ".lock", "another ./taxi is compiling the Java code; waiting for it"):
            if not target.exists():
                _build(project, target)
    return target


def _content_hash(project: JavaProject) -> str:
    content = hashlib.sha256(RELEASE.encode())
    for path in (*_files(project.folder), *_locks(project)):
        content.update(f"{path.name} {path.stat().st_size}\n".encode())
        content.update(path.read_bytes())
    return content.hexdigest()[:16]


def _locks(project: JavaProject) -> list[Path]:
    return [lock_path(component) for component in project.locks]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _build(project: JavaProject, target: Path) -> None:
    sources = sorted((project.folder / "src").rglob("*.java"))
    if not sources:
        raise UserError(
            f"there is no Java code under {project.folder / 'src'}", f"run git checkout {project.folder}"
        )
    classes = target.parent / "classes"
    shutil.rmtree(classes, ignore_errors=True)
    classes.mkdir(parents=True)
    _compile(project, sources, classes)
    with atomic_path(target) as draft:
        _write_jar(draft, (classes, project.folder / "resources"))
    shutil.rmtree(classes)


def _compile(project: JavaProject, sources: Iterable[Path], classes: Path) -> None:
    (compiler,) = ensure("ecj")
    libraries = class_path([*sorted((distribution() / "lib").glob("*.jar")), *project.libraries()])
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
        errors = done.stderr.strip() or done.stdout.strip()
        raise UserError(f"the Java code under {project.folder} does not compile:\n{errors}")


def _write_jar(path: Path, roots: Iterable[Path]) -> None:
    with zipfile.ZipFile(path, "w") as jar:
        for root in roots:
            for file in _files(root):
                add_entry(jar, str(file.relative_to(root)), file.read_bytes())
