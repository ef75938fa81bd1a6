"""Room for a job in the Flink cluster: each takes as many task slots as its parallelism."""

from collections.abc import Mapping

from control_plane.jobs.flink_rest import FlinkRest
from schemas.errors import UserError
from stack.polling import poll

PARALLELISM = 2
"""Of a job that is given no other."""


def needed_slots(configuration: Mapping[str, str]) -> int:
    """How many slots a job of these settings takes."""
    return int(configuration.get("FLINK_PARALLELISM", PARALLELISM))


def wait_for_slots(flink: FlinkRest, name: str, needed: int, *, seconds: float) -> None:
    """Wait for slots that another job is just giving back; raises UserError when they stay taken."""
    try:
        poll(lambda: flink.slots().free >= needed, seconds=seconds, what="task slots")
    except UserError as failure:
        slots = flink.slots()
        raise UserError(
            f"there is no room for {name}: it takes {needed} task slots, and {slots.free} of {slots.total}"
            f" are free beside {', '.join(flink.running_names()) or 'no job'}",
            "./taxi job retire ends a version that nobody reads",
        ) from failure
