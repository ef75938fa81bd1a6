"""The Flink jobs: which there are, and what each declares of itself in the `job.toml` of its folder.

By it the runtime names the operators of a job, and the control plane asks Flink for them.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UserError

DEFAULT_JOB = "zone_fares"
"""The job of a command that names none, and the one whose tables `taxi.*` shows."""

JOB_FILE = "job.py"
"""What makes a folder of `flink_jobs` a job."""

DECLARATION_FILE = "job.toml"

WRITER_PREFIX = "write_"
"""Every step that writes a table is named by it and by the table; the dashboard knows writers so."""

_STEP_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class WatchedSteps:
    """The steps of a job that Flink is asked about."""

    source: str
    """It reads the topic, and knows how far."""
    event_clock: str = ""
    """Its watermark says up to which event time the job's results are complete; empty for a job without."""


@dataclass(frozen=True)
class JobDeclaration:
    """The steps of a job that have names of its own; raises UserError for names that do not fit together."""

    steps: Mapping[str, str]
    """A regular expression for each, which the planner's description of its operator matches."""
    watched: WatchedSteps

    def __post_init__(self) -> None:
        strange = [name for name in self.steps if not _STEP_NAME.fullmatch(name)]
        if strange:
            raise UserError(f"{strange[0]!r} is no name of a step", "use small letters, digits and _")
        watched = (self.watched.source, self.watched.event_clock)
        unknown = [name for name in watched if name and name not in self.steps]
        if unknown:
            raise UserError(f"{unknown[0]} is watched but is no step", "declare it under [steps]")
        for name, pattern in self.steps.items():
            _refuse_bad_pattern(name, pattern)


def parse_declaration(text: str, origin: str) -> JobDeclaration:
    """The declaration in the text of a `job.toml`; `origin` names it in an error."""
    try:
        content = tomllib.loads(text)
        return JobDeclaration(content["steps"], WatchedSteps(**content["watched"]))
    except UserError as error:
        raise UserError(f"{origin}: {error.message}", error.remedy) from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserError(
            f"{origin} declares no job: {error}", "it has the tables [steps] and [watched], with a source"
        ) from error


def read_declaration(job_folder: Path) -> JobDeclaration:
    """The declaration of the job in a folder; raises FileNotFoundError where it declares nothing."""
    path = job_folder / DECLARATION_FILE
    return parse_declaration(path.read_text("utf-8"), str(path))


def job_names(jobs_folder: Path) -> list[str]:
    """The jobs in a folder `flink_jobs`, in alphabetical order."""
    return sorted(path.parent.name for path in jobs_folder.glob(f"*/{JOB_FILE}"))


def _refuse_bad_pattern(name: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise UserError(f"the pattern of {name} is no regular expression: {error}") from error
