"""Run the database, set up as the one of the local stack."""

import os
import shutil
import subprocess
from pathlib import Path

from stack.services.postgres import DATABASE, SERVER_SETTINGS, SUPERUSER
from stack.services.postgres_installation import installation
from stack.settings import home_folder

ENCODING = ("-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
ADDRESSES = {"listen_addresses": "*", "port": "5432"}
FROM_ANYWHERE = "host all all all scram-sha-256\n"
"""The containers of this network, and this machine by the published port."""


def main() -> None:
    """Create the cluster where it is new, then become the server."""
    data, programs = home_folder() / "postgres", installation(home_folder()) / "bin"
    if not (data / "PG_VERSION").exists():
        _initialise(data, programs)
    settings = {**SERVER_SETTINGS, **ADDRESSES}
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    os.execv(programs / "postgres", [str(programs / "postgres"), "-D", str(data), *options])  # noqa: S606


def _initialise(data: Path, programs: Path) -> None:
    """Create the cluster under a draft name and rename it: a killed initdb leaves nothing half-made."""
    draft = data.with_name("postgres-draft")
    shutil.rmtree(draft, ignore_errors=True)
    password = f"--pwfile={os.environ['POSTGRES_PASSWORD_FILE']}"
    command = [programs / "initdb", "-D", draft, "-U", SUPERUSER, "--auth=scram-sha-256", password, *ENCODING]
    subprocess.run(command, check=True)
    with (draft / "pg_hba.conf").open("a") as rules:
        rules.write(FROM_ANYWHERE)
    single = [programs / "postgres", "--single", "-D", draft, "postgres"]
    subprocess.run(single, input=f"create database {DATABASE}\n", text=True, check=True)
    draft.rename(data)


if __name__ == "__main__":
    main()
