"""Task slots of the Flink cluster: each job takes as many as its parallelism."""

from collections.abc import Mapping

from control_plane.jobs.flink_rest import FlinkRest
from schemas.errors import UserError
from stack.waiting import StalledError, WaitProgress, wait_until

PARALLELISM = 2
"""The default parallelism of a job."""


def needed_slots(configuration: Mapping[str, str]) -> int:
    """Return the slots that a job of these settings needs."""
    return int(configuration.get("FLINK_PARALLELISM", PARALLELISM))


def wait_for_slots(flink: FlinkRest, name: str, needed: int, *, stalled_seconds: float) -> None:
    """Wait for slots that another job is releasing; raises UserError when they stay taken."""
    try:
        wait_until(
            lambda: flink.slots().free >= needed,
            what="task slots",
            progress=lambda: _taken(flink, needed),
            stalled_seconds=stalled_seconds,
        )
    except StalledError as failure:
        slots = flink.slots()
        raise UserError(
            f"not enough task slots for {name}: it needs {needed}, and {slots.free} of {slots.total}"
            f" are free (running: {', '.join(flink.running_names()) or 'no job'})",
            "stop a job, or run ./taxi job retire to end a version that is not served",
        ) from failure


def _taken(flink: FlinkRest, needed: int) -> WaitProgress:
    slots, names = flink.slots(), tuple(flink.running_names())
    return WaitProgress(f"{needed} are needed, {slots.free} of {slots.total} are free", (slots, names))
