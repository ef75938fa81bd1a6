"""Create the locked Python environments. Runs on the system Python: standard library only."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stack.toolchain import certificates

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".taxi" / "envs"
OLDEST_UV = (0, 8)


class BootstrapError(Exception):
    """An environment cannot be created; the text gives the reason."""


def ensure_environment(name: str) -> Path:
    """Return the environment's folder, created or repaired where its stamp does not match its lock."""
    folder, lock = ENVIRONMENTS / name, ROOT / "requirements" / f"{name}.txt"
    try:
        if _is_current(folder, lock):
            return folder
        with _one_at_a_time(ENVIRONMENTS / f"{name}.lock"):
            if not _is_current(folder, lock):  # another run may have created it while this one waited
                _make(folder, lock)
    except OSError as error:
        raise BootstrapError(
            f"{error.filename or folder} cannot be used ({error.strerror or error}); the clone, TAXI_HOME and"
            " TAXI_CACHE_DIR must belong to the user who runs ./taxi: use a clone of your own"
        ) from error
    return folder


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold a lock across processes."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def uv_command(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the command line of uv and its environment variables."""
    return [_uv(), *arguments], {**_trusting(os.environ), **_uv_variables(os.environ)}


def stamp(lock: Path) -> str:
    """Return the inputs of an environment; the launcher compares the same text."""
    version = ".".join(str(number) for number in sys.version_info[:2])
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {version}\n"


def _is_current(folder: Path, lock: Path) -> bool:
    stamped = folder / "taxi-stamp"
    return (folder / "bin" / "python").exists() and stamped.exists() and stamped.read_text() == stamp(lock)


def _make(folder: Path, lock: Path) -> None:
    _print_message(f"Python environment {folder.name}: installing {lock.relative_to(ROOT)}")
    # A folder without its stamp is worthless: a killed installation is repeated from the start.
    shutil.rmtree(folder, ignore_errors=True)
    _run_uv(["venv", "--quiet", "--python", _base_python(), str(folder)])
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    python = str(folder / "bin" / "python")
    _run_uv(["pip", "sync", *quiet, "--require-hashes", "--python", python, str(lock)])
    (folder / "taxi-stamp").write_text(stamp(lock))


def _uv() -> str:
    """Return a recent enough uv: the user's, the one installed earlier, or one installed now."""
    own = _cache_folder() / "uv" / "bin" / "uv"
    for candidate in (shutil.which("uv"), str(own)):
        if candidate and _is_new_enough(candidate):
            return candidate
    with _one_at_a_time(_cache_folder() / "uv.lock"):
        # Another first start may have installed it during the wait for the lock.
        return str(own) if _is_new_enough(str(own)) else _installed_uv(own)


def _is_new_enough(uv: str) -> bool:
    try:
        done = subprocess.run([uv, "--version"], capture_output=True, text=True, check=True, timeout=120)
    except (OSError, subprocess.SubprocessError):
        return False
    found = re.search(r"(\d+)\.(\d+)", done.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_UV


def _installed_uv(own: Path) -> str:
    _print_message("installing uv, which installs the other packages")
    folder = own.parents[1]
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder)], "Python's venv module does not work")
    lock = ROOT / "requirements" / "launcher.txt"
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(lock)]
    _run(
        [str(folder / "bin" / "python"), "-m", "pip", "install", *options],
        "uv cannot be installed",
        _trusting(os.environ),
    )
    return str(own)


def _run_uv(arguments: list[str]) -> None:
    command, environment = uv_command(arguments)
    _run(command, f"uv {arguments[0]} failed", environment)


def _uv_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Translate pip's package index settings for uv, which does not read them."""
    meanings = {
        "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
        "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    }
    variables = {
        uv: environment[pip] for pip, uv in meanings.items() if pip in environment and uv not in environment
    }
    # Large wheels need time on slow lines. uv would also follow an active environment or another project's
    # settings.
    return {"UV_HTTP_TIMEOUT": "300", "UV_NO_CONFIG": "1", "VIRTUAL_ENV": "", **variables}


def _trusting(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which every tool trusts the certificates that one of them is set to trust."""
    try:
        return {**environment, **certificates.variables(environment, _cache_folder())}
    except (certificates.CertificateError, OSError) as error:
        raise BootstrapError(str(error)) from error


def _run(command: list[str], failure_message: str, environment: Mapping[str, str] | None = None) -> None:
    try:
        code = subprocess.run(command, env=environment, check=False, stdout=sys.stderr).returncode
    except OSError as error:
        raise BootstrapError(f"{failure_message}: {error}") from error
    if code != 0:
        raise BootstrapError(
            f"{failure_message} (see above); check the network and the disk, then run the same command again"
        )


def _base_python() -> str:
    """Return the base interpreter: an environment created from an environment would break with that one."""
    return str(getattr(sys, "_base_executable", sys.executable))


def _cache_folder() -> Path:
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nyc-taxi-platform"
    return Path(os.environ.get("TAXI_CACHE_DIR") or default)


def _print_message(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - rich is not installed yet


if __name__ == "__main__":
    try:
        ensure_environment(sys.argv[1])
    except BootstrapError as problem:
        _print_message(f"error: {problem}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
