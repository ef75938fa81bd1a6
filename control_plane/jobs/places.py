"""Chooses where a Flink job runs."""

from collections.abc import Callable, Mapping
from pkgutil import resolve_name

from control_plane.jobs.backend import JobBackend
from control_plane.settings import Backend, flink_backend

BACKENDS: Mapping[Backend, str] = {
    Backend.LOCAL: "control_plane.jobs.local:LocalJob.of_platform",
    Backend.MANAGED_FLINK: "control_plane.jobs.managed.job:ManagedJob.of_environment",
}
"""Only the chosen module is imported: one needs boto3, the other the local stack's dependencies."""


def backend(name: str, place: Backend | None = None, *, dry_run: bool = False) -> JobBackend:
    """Return the job's backend: the requested one, by default the one of the settings."""
    choose: Callable[..., JobBackend] = resolve_name(BACKENDS[place or flink_backend()])
    return choose(name, dry_run=dry_run)
