"""What every place to run Spark can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Protocol

from control_plane.settings import SparkSettings, SparkTarget


class RunState(Enum):
    """The same words for every place."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self in {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED}


@dataclass(frozen=True)
class SparkRun:
    """A run at one moment; `detail` is the place's own word for it, or why it failed."""

    run_id: str
    state: RunState
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class RunLogs:
    """What the driver wrote, and where it lies; empty texts where nothing has come yet."""

    stdout: str
    stderr: str
    place: str


@dataclass(frozen=True)
class Usage:
    """What a run used up to now; what is not known is None."""

    vcpu_hours: float | None
    gb_hours: float | None
    usd_per_vcpu_hour: float | None
    usd_per_gb_hour: float | None

    @property
    def dollars(self) -> float | None:
        """The estimate, where the settings name the rates."""
        rates, amounts = (
            (self.usd_per_vcpu_hour, self.usd_per_gb_hour),
            (self.vcpu_hours, self.gb_hours),
        )
        if None in rates or None in amounts:
            return None
        return sum((rate or 0) * (amount or 0) for rate, amount in zip(rates, amounts, strict=True))

    def text(self) -> str:
        """For people."""
        if self.vcpu_hours is None or self.gb_hours is None:
            return "not known: set EMR_CLUSTER_VCPUS and EMR_CLUSTER_GB"
        rates = "set SPARK_USD_PER_VCPU_HOUR and SPARK_USD_PER_GB_HOUR for dollars"
        price = rates if self.dollars is None else f"about ${self.dollars:,.4f}"
        return f"{self.vcpu_hours:.4f} vCPU-hours, {self.gb_hours:.4f} GB-hours; {price}"


class SparkBackend(Protocol):
    """A place to run the backfill; every method raises UserError."""

    place: SparkTarget

    def code(self) -> str:
        """What runs there, by a name that changes with it."""

    def submit(self, arguments: Sequence[str], token: str = "") -> str:
        """Start `python -m batch_backfill ARGUMENTS`; its run id.

        A run with the same arguments and token that has not ended is the answer instead of a second one.
        With a token also one that succeeded: a caller that was killed and comes again finds its own.
        """

    def state(self, run_id: str) -> SparkRun:
        """How the run is."""

    def cancel(self, run_id: str) -> None:
        """Have it end; it may take a while."""

    def logs(self, run_id: str) -> RunLogs:
        """What the driver wrote."""

    def links(self, run_id: str) -> Mapping[str, str]:
        """Pages to look at: Spark's own, and the service's."""

    def usage(self, run_id: str) -> Usage:
        """What it used, for what it costs."""


def code_name(code: str, settings: SparkSettings) -> str:
    """The code and the settings of the job: what its results depend on besides its arguments."""
    return " ".join([code, *(f"{name}={value}" for name, value in sorted(settings.job_variables.items()))])


def run_name(arguments: Sequence[str], code: str, token: str) -> str:
    """The name by which a caller that comes again finds its run: the same wish is the same name."""
    identity = "\0".join([*arguments, code, token])
    return f"taxi-backfill-{sha256(identity.encode()).hexdigest()[:20]}"
