"""The names of the existing jobs and of their steps."""

from pathlib import Path

from schemas.errors import UserError
from schemas.jobs import WatchedSteps, job_names, read_declaration
from stack.settings import ROOT

JOBS_FOLDER = ROOT / "flink_jobs"
BEFORE_DECLARATIONS = WatchedSteps("read_trips", "sum_windows")
"""The steps of releases made before jobs declared them: all of these belong to one job."""


def known_job(name: str) -> None:
    """Raise UserError for an unknown job."""
    jobs = job_names(JOBS_FOLDER)
    if name not in jobs:
        raise UserError(f"there is no job {name}", f"choose from: {', '.join(jobs)}")


def watched_steps(tree: Path, job: str) -> WatchedSteps:
    """Return the steps that a tree, or the code of a release, declares for a job."""
    try:
        return read_declaration(tree / "flink_jobs" / job).watched
    except FileNotFoundError:
        return BEFORE_DECLARATIONS
