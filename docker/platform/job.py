"""Start the job where it never ran, and keep it running: a killed JobManager has lost its jobs."""

import os
import signal
import sys
from contextlib import suppress

from cluster import write_configuration
from endpoints import endpoints

from control_plane.jobs import lifecycle
from control_plane.jobs.flink_rest import FlinkRest
from control_plane.jobs.keeper import keep
from control_plane.jobs.records import JobRecords
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from stack.endpoints import Endpoints
from stack.services.keeper import NAME
from stack.waiting import StalledError, wait_until

CHECKPOINT_SECONDS = 20.0


def main() -> int:
    """Keep the job until the container is stopped; a job that was stopped on purpose stays stopped."""
    name, addresses = os.environ.get("FLINK_JOB") or DEFAULT_JOB, endpoints()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    write_configuration(addresses.home)
    for folder in ("logs", NAME):
        (addresses.home / folder).mkdir(exist_ok=True)
    try:
        if name not in JobRecords(addresses.home).names():
            lifecycle.start(addresses, name)
        keep(addresses)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - one line, as everywhere
        return 1
    finally:
        await_checkpoint(addresses, name)
    return 0


def await_checkpoint(addresses: Endpoints, name: str) -> None:
    """Wait for one more checkpoint: the cluster stops after us, and the next start reads little again."""
    flink = FlinkRest(addresses.flink_rest_url)
    with suppress(UserError, StalledError):
        job = flink.live_job(name)
        if job is None:
            return
        before = flink.completed_checkpoints(job.job_id)
        wait_until(
            lambda: flink.completed_checkpoints(job.job_id) > before,
            what="a checkpoint",
            stalled_seconds=CHECKPOINT_SECONDS,
        )


if __name__ == "__main__":
    sys.exit(main())
