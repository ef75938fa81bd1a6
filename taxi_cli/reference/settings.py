"""The page of the settings: the variables that the settings classes read, and their defaults."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from airflow_dags.settings import AirflowSettings
from batch_backfill.settings import BatchSettings
from control_plane.settings import (
    HistorySettings,
    ManagedFlinkSettings,
    MartsSettings,
    SparkSettings,
    flink_backend,
)
from flink_jobs.zone_fares.settings import ZoneFaresSettings
from live_map.settings import MapSettings
from producer.settings import ProducerSettings
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from stack.settings import ROOT, EndpointSettings, StackSettings, user_jvm_options, wants_debug
from taxi_cli.reference.markdown import code, prose, table

MEANINGS = Path(__file__).with_name("settings.toml")
"""The meaning of each variable, kept apart from the classes because one variable may be in several."""

READERS: Mapping[str, Sequence[Callable[[Mapping[str, str]], object]]] = {
    "Endpoints of `./taxi`": (EndpointSettings.from_environment,),
    "The local stack and `./taxi`": (
        StackSettings.from_environment,
        wants_debug,
        user_jvm_options,
        flink_backend,
    ),
    "Months, history and marts": (
        HistorySettings.from_environment,
        MartsSettings.from_environment,
        BatchSettings.from_environment,
    ),
    "Spark and EMR": (SparkSettings.from_environment,),
    "Amazon Managed Service for Apache Flink": (
        lambda environment: ManagedFlinkSettings.from_environment(DEFAULT_JOB, environment),
    ),
    "Airflow": (AirflowSettings.from_environment,),
    "Live map": (MapSettings.from_environment,),
}
CLASSES: Mapping[str, type[BaseSettings]] = {"Producer": ProducerSettings, "Flink job": ZoneFaresSettings}
LAUNCHER = "Launcher and installation"
"""The section of variables that `./taxi` itself and the installer read, before any class can be imported."""

INTRODUCTION = """# Settings

Settings are environment variables. A variable that several programs read is listed once for each.
Credentials for AWS come from the standard AWS chain (variables, profile, role).

One setting is in the database, because its views read it: how old, in event time, a window may be for
`taxi.zone_fares_now` to show it, 60 minutes by default. To change it at once:
`./taxi psql -c "update taxi.settings set fresh_for = '2 hours'"`.
"""


REQUIRED = {"POSTGRES_DSN": "postgresql://taxi@127.0.0.1/taxi"}
"""The variables that a class requires; the page shows no value for them."""


class RecordedEnvironment(dict[str, str]):
    """An environment with the required variables that records which variables were read."""

    def __init__(self) -> None:
        super().__init__(REQUIRED)
        self.asked: list[str] = []

    def get(self, name: str, default: Any = None) -> Any:
        """Record the name, and return the value."""
        self.asked.append(name)
        return super().get(name, default)


def page() -> str:
    """Write the page, a table for each program."""
    known = meanings()
    sections = [
        f"## {title}\n\n{table(('variable', 'default', 'meaning'), _rows(variables, known))}\n"
        for title, variables in sections_of_variables().items()
    ]
    return "\n".join([INTRODUCTION, *sections])


def meanings() -> Mapping[str, Mapping[str, str]]:
    """Read the meaning of each variable, by its name."""
    tables: Mapping[str, Mapping[str, str]] = tomllib.loads(MEANINGS.read_text("utf-8"))
    return tables


def sections_of_variables() -> Mapping[str, Mapping[str, str]]:
    """List variables and defaults by program."""
    asked = {title: _asked(readers) for title, readers in READERS.items()}
    fields = {title: dict(_fields(kind)) for title, kind in CLASSES.items()}
    launcher = {name: "" for name, entry in meanings().items() if entry.get("section") == LAUNCHER}
    return {**asked, **fields, LAUNCHER: launcher}


def _asked(readers: Sequence[Callable[[Mapping[str, str]], object]]) -> Mapping[str, str]:
    environment = RecordedEnvironment()
    for reader in readers:
        try:
            reader(environment)
        except UserError as error:
            raise UserError(f"settings cannot be read from an empty environment: {error}") from error
    return dict.fromkeys(environment.asked, "")


def _fields(settings: type[BaseSettings]) -> Iterator[tuple[str, str]]:
    for name, field in settings.model_fields.items():
        default = field.default
        is_shown = default is not PydanticUndefined and default not in (None, "")
        yield name.upper(), _shown_default(default) if is_shown else ""


def _shown_default(value: object) -> str:
    if isinstance(value, Path):
        return str(value.relative_to(ROOT)) if value.is_relative_to(ROOT) else str(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rows(variables: Mapping[str, str], known: Mapping[str, Mapping[str, str]]) -> Iterator[Sequence[str]]:
    for name, default in variables.items():
        entry = known.get(name)
        if entry is None:
            raise UserError(f"the setting {name} is not described", f"add it to {MEANINGS.relative_to(ROOT)}")
        yield code(name), code(default or entry.get("default", "")), prose(entry["meaning"])
