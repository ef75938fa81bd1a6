"""Postgres, from the binaries in a Python wheel."""

import os
import shutil
from pathlib import Path

from schemas.errors import UserError
from stack import database
from stack.ports import LOOPBACK
from stack.security import database_locks
from stack.security.database_roles import ensure_roles
from stack.security.secrets import AIRFLOW, JOB, READER, Secrets
from stack.services.postgres_installation import NAME, account, data_folder, installation
from stack.services.service import Service, Site
from stack.supervision.program import Program

SUPERUSER = "taxi"
DATABASE = "taxi"

SERVER_SETTINGS = {
    "listen_addresses": LOOPBACK,
    # No socket: its path has a length limit that a deep TAXI_HOME exceeds.
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "512MB",
    # The job upserts whole months: with the default of 1 GB Postgres would checkpoint without a pause.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def postgres(site: Site) -> Service:
    """Return the database of this site."""

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


def _prepare(site: Site) -> Program:
    data = data_folder(site.home)
    data.parent.mkdir(mode=0o755, exist_ok=True)
    if data.parent.stat().st_uid != os.geteuid():  # every user may write in /var/tmp
        raise UserError(
            f"{data.parent} belongs to another user", "remove it, or set TAXI_HOME to another folder"
        )
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
        stop_signal="INT",  # "fast" shutdown: TERM would wait for the last client to disconnect
    )


def _initialise(data: Path, programs: Path, secrets: Secrets | None) -> None:
    """Create the cluster under a draft name and rename it: a killed initdb leaves nothing half-made."""
    draft = data.with_name(f"{data.name}-draft")
    shutil.rmtree(draft, ignore_errors=True)
    account().own(draft)
    options = ["-U", SUPERUSER, "-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    command = [str(programs / "initdb"), "-D", str(draft), *options]
    with database_locks.proof(data.parent, secrets, account().give_ownership) as initdb_options:
        done = account().run([*command, *initdb_options])
    if done.returncode != 0:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise UserError(
            f"initdb failed in {draft}: {' '.join(reason)}", "free disk space, then run ./taxi up"
        )
    shutil.rmtree(data, ignore_errors=True)
    draft.replace(data)


def _maintenance_dsn(site: Site) -> str:
    # The database name appears once, after the port; options may follow.
    return site.endpoints.postgres_dsn.replace(
        f":{site.ports.postgres}/{DATABASE}", f":{site.ports.postgres}/postgres"
    )
