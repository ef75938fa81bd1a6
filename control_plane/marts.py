"""dbt in its own environment, connected to the live tables or to the processed history."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from control_plane.settings import MartsSettings
from producer.reading.queries import duckdb_path, quoted_text
from schemas.aws import is_s3_uri
from schemas.errors import UserError
from stack.endpoints import Endpoints
from stack.locks import file_lock
from stack.settings import POSTGRES, ROOT, StackSettings, user_environment
from stack.toolchain import environments as bootstrap

PROJECT = ROOT / "dbt"
WITHOUT_DATABASE = {"parse", "list", "ls", "clean", "deps"}
LIBPQ_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "passfile": "PGPASSFILE",
}


class Target(StrEnum):
    """The database where the marts are built; the models are the same."""

    POSTGRES = "postgres"
    DUCKDB = "duckdb"


def target_named(name: str) -> Target:
    """Return the target of this name; raises UserError for an unknown one."""
    try:
        return Target(name)
    except ValueError as error:
        raise UserError(f"there is no target {name}", f"choose from: {', '.join(Target)}") from error


@dataclass(frozen=True)
class DbtRun:
    """A command line of dbt and its environment variables."""

    command: Sequence[str]
    environment: Mapping[str, str]


def build(target: Target, *, full_refresh: bool = False) -> int:
    """Build and test every mart; return dbt's exit code."""
    settings = MartsSettings.from_environment()
    refresh = ["--full-refresh"] if full_refresh else []
    run = dbt_run(["build", "--target", target.value, *refresh], settings)
    # Concurrent builds would replace each other's months.
    with file_lock(settings.stack.home / "marts.lock", "another ./taxi marts is running; waiting for it"):
        return subprocess.run(run.command, env=run.environment, check=False).returncode


def dbt_run(arguments: Sequence[str], settings: MartsSettings) -> DbtRun:
    """Return a dbt run with these arguments; raises UserError when its input does not exist."""
    target = _target_of(arguments)
    needs_database = bool(_words(arguments)) and _words(arguments)[0] not in WITHOUT_DATABASE
    where = (
        _history(settings, needed=needs_database)
        if target == Target.DUCKDB
        else _live_tables(settings, needed=needs_database)
    )
    program = bootstrap.ensure_environment("transform") / "bin" / "dbt"
    return DbtRun(
        [str(program), *arguments], {**_clean_environment(), **_project(settings.stack, target), **where}
    )


def _words(arguments: Sequence[str]) -> list[str]:
    return [argument for argument in arguments if not argument.startswith("-")]


def _target_of(arguments: Sequence[str]) -> str:
    """Return the target that the command line names, in any of dbt's spellings."""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument in {"--target", "-t"}:
            return following
        if argument.startswith("--target="):
            return argument.partition("=")[2]
    return Target.POSTGRES


def _clean_environment() -> dict[str, str]:
    # The launcher's PYTHONPATH is our root, whose folder `dbt` would shadow the package dbt.
    return {name: value for name, value in user_environment().items() if name != "PYTHONPATH"}


def _project(settings: StackSettings, target: str) -> dict[str, str]:
    home = settings.home / "dbt"
    return {
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(home / target),
        "DBT_LOG_PATH": str(home / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def _live_tables(settings: MartsSettings, *, needed: bool) -> dict[str, str]:
    try:
        dsn = Endpoints.of_platform(POSTGRES, given=settings.endpoints).postgres_dsn
    except UserError:
        if needed:
            raise
        return {}
    parts = conninfo_to_dict(dsn)
    return {LIBPQ_VARIABLES[name]: str(value) for name, value in parts.items() if name in LIBPQ_VARIABLES}


def _history(settings: MartsSettings, *, needed: bool) -> dict[str, str]:
    place = settings.processed_data
    if needed and not is_s3_uri(place) and not Path(place).is_dir():
        raise UserError(
            f"there are no processed months: the folder {place} does not exist",
            "run ./taxi backfill to create it, or set PROCESSED_DATA to another folder or a prefix in S3",
        )
    settings.duckdb.parent.mkdir(parents=True, exist_ok=True)
    # The models put it before a pattern.
    readable = place if is_s3_uri(place) else quoted_text(duckdb_path(Path(place)))
    return {"PROCESSED_DATA": readable, "MARTS_DUCKDB": str(settings.duckdb)}
