"""The Flink jobs, and what each declares in the `job.toml` of its folder.

The runtime uses it to name the operators of a job, and the control plane to query Flink for them.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UserError

DEFAULT_JOB = "zone_fares"
"""Default of the commands, and the job whose tables `taxi.*` shows."""

JOB_FILE = "job.py"
"""A folder of `flink_jobs` with this file is a job."""

DECLARATION_FILE = "job.toml"

WRITER_PREFIX = "write_"
"""Prefix of each step that writes a table, before the table's name; the dashboard finds writers by it."""

_STEP_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class WatchedSteps:
    """The steps of a job that are queried from Flink."""

    source: str
    """The step that reads the topic, and knows its position."""
    event_clock: str = ""
    """Step whose watermark tells up to which event time the results are complete; empty if there is none."""


@dataclass(frozen=True)
class JobDeclaration:
    """The steps that a job names; raises UserError for inconsistent names."""

    steps: Mapping[str, str]
    """A regular expression for each step, which must match the planner's description of its operator."""
    watched: WatchedSteps

    def __post_init__(self) -> None:
        strange = [name for name in self.steps if not _STEP_NAME.fullmatch(name)]
        if strange:
            raise UserError(f"invalid step name {strange[0]!r}", "use lower-case letters, digits and _")
        watched = (self.watched.source, self.watched.event_clock)
        unknown = [name for name in watched if name and name not in self.steps]
        if unknown:
            raise UserError(f"[watched] names the unknown step {unknown[0]}", "declare it under [steps]")
        for name, pattern in self.steps.items():
            _refuse_bad_pattern(name, pattern)


def parse_declaration(text: str, origin: str) -> JobDeclaration:
    """Parse the text of a `job.toml`; `origin` names it in an error."""
    try:
        content = tomllib.loads(text)
        return JobDeclaration(content["steps"], WatchedSteps(**content["watched"]))
    except UserError as error:
        raise UserError(f"{origin}: {error.message}", error.remedy) from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserError(
            f"{origin} is not a job declaration: {error}",
            "declare the tables [steps] and [watched], and a source in [watched]",
        ) from error


def read_declaration(job_folder: Path) -> JobDeclaration:
    """Read the declaration of the job in a folder; raises FileNotFoundError where there is none."""
    path = job_folder / DECLARATION_FILE
    return parse_declaration(path.read_text("utf-8"), str(path))


def job_names(jobs_folder: Path) -> list[str]:
    """Return the jobs in a folder `flink_jobs`, in alphabetical order."""
    return sorted(path.parent.name for path in jobs_folder.glob(f"*/{JOB_FILE}"))


def _refuse_bad_pattern(name: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise UserError(f"the pattern of step {name} is not a regular expression: {error}") from error
