"""The jobs that there are, by the names that people call them."""

from schemas.errors import UserError
from stack.settings import ROOT

JOB = "zone_fares"


JOBS_FOLDER = ROOT / "flink_jobs"


def known_job(name: str) -> None:
    """Raises UserError for a name that is no job's."""
    jobs = sorted(path.parent.name for path in JOBS_FOLDER.glob("*/job.py"))
    if name not in jobs:
        raise UserError(f"there is no job {name}", f"the jobs are: {', '.join(jobs)}")
