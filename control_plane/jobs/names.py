"""The jobs that there are, by the names that people call them, and the names of their steps."""

from pathlib import Path

from schemas.errors import UserError
from schemas.jobs import WatchedSteps, job_names, read_declaration
from stack.settings import ROOT

JOBS_FOLDER = ROOT / "flink_jobs"
BEFORE_DECLARATIONS = WatchedSteps("read_trips", "sum_windows")
"""The steps of a release from before jobs declared them: all of these are of one job."""


def known_job(name: str) -> None:
    """Raises UserError for a name that is no job's."""
    jobs = job_names(JOBS_FOLDER)
    if name not in jobs:
        raise UserError(f"there is no job {name}", f"the jobs are: {', '.join(jobs)}")


def watched_steps(tree: Path, job: str) -> WatchedSteps:
    """What a tree, or the code of a release, says of the steps of a job."""
    try:
        return read_declaration(tree / "flink_jobs" / job).watched
    except FileNotFoundError:
        return BEFORE_DECLARATIONS
