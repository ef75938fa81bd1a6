"""The interface of every place to run Spark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Protocol

from control_plane.settings import SparkSettings, SparkTarget


class RunState(Enum):
    """The states of a run, the same for every place."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Whether the run is over."""
        return self in {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED}


@dataclass(frozen=True)
class SparkRun:
    """A run at one moment; `detail` is the place's own state, or the reason of a failure."""

    run_id: str
    state: RunState
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class RunLogs:
    """The driver's output and its location; empty texts before the first output."""

    stdout: str
    stderr: str
    place: str


@dataclass(frozen=True)
class Usage:
    """The resources that a run has used so far; unknown values are None."""

    vcpu_hours: float | None
    gb_hours: float | None
    usd_per_vcpu_hour: float | None
    usd_per_gb_hour: float | None

    @property
    def dollars(self) -> float | None:
        """The cost estimate, where the settings name the rates."""
        rates, amounts = (
            (self.usd_per_vcpu_hour, self.usd_per_gb_hour),
            (self.vcpu_hours, self.gb_hours),
        )
        if None in rates or None in amounts:
            return None
        return sum((rate or 0) * (amount or 0) for rate, amount in zip(rates, amounts, strict=True))

    def text(self) -> str:
        """Format the usage for display."""
        if self.vcpu_hours is None or self.gb_hours is None:
            return "not known: set EMR_CLUSTER_VCPUS and EMR_CLUSTER_GB"
        rates = "set SPARK_USD_PER_VCPU_HOUR and SPARK_USD_PER_GB_HOUR to see dollars"
        price = rates if self.dollars is None else f"about ${self.dollars:,.4f}"
        return f"{self.vcpu_hours:.4f} vCPU-hours, {self.gb_hours:.4f} GB-hours; {price}"


class SparkBackend(Protocol):
    """A place to run the backfill; every method raises UserError."""

    place: SparkTarget

    def code(self) -> str:
        """Return the name of the deployed code, which changes with its content."""

    def submit(self, arguments: Sequence[str], token: str = "") -> str:
        """Start `python -m batch_backfill ARGUMENTS`; return its run id.

        Returns an unfinished run with the same arguments and token instead of starting a second one. With a
        token, also a successful run: a caller that was killed finds its own run on retry.
        """

    def state(self, run_id: str) -> SparkRun:
        """Return the state of a run."""

    def cancel(self, run_id: str) -> None:
        """Cancel a run; it may take a while to end."""

    def logs(self, run_id: str) -> RunLogs:
        """Return the driver's output."""

    def links(self, run_id: str) -> Mapping[str, str]:
        """Return the pages to look at: Spark's own, and the service's."""

    def usage(self, run_id: str) -> Usage:
        """Return the resources that the run used, for its cost."""


def code_name(code: str, settings: SparkSettings) -> str:
    """Name the code and the job's settings: what results depend on, apart from the arguments."""
    return " ".join([code, *(f"{name}={value}" for name, value in sorted(settings.job_variables.items()))])


def run_name(arguments: Sequence[str], code: str, token: str) -> str:
    """Name a run so that a caller that retries finds it: the same request has the same name."""
    identity = "\0".join([*arguments, code, token])
    return f"taxi-backfill-{sha256(identity.encode()).hexdigest()[:20]}"
