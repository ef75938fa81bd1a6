"""The versions of a job: each runs on its own and writes its own table set; one of the sets is served.

The versions are derived from what exists: a version exists while its table set or its record does, and the
newest row of `taxi.switches` names the served one. So a killed command leaves no stale state.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from control_plane.jobs.lifecycle import JobSite
from control_plane.jobs.records import JobRecord, JobRecords
from control_plane.jobs.wiring import Wiring, has_versions, set_number, split_version_name
from control_plane.sink import table_sets as tables
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from stack.endpoints import Endpoints


@dataclass(frozen=True)
class Version:
    """One version of a job on one stack."""

    site: JobSite
    number: int
    is_served: bool
    record: JobRecord

    @property
    def name(self) -> str:
        """The name that commands take; the first version is `zone_fares` in the dashboard."""
        return f"{self.site.wiring.job}-{self.number}"

    @property
    def table_set(self) -> str:
        """The table set that it writes."""
        return self.site.wiring.table_set

    @property
    def was_started(self) -> bool:
        """Whether it was ever submitted; before that it is incomplete."""
        return bool(self.record.release)


@dataclass(frozen=True)
class Versions:
    """The versions of one job."""

    endpoints: Endpoints
    job: str

    def all(self) -> list[Version]:
        """List every version, the oldest first."""
        if not has_versions(self.job):
            return [self._version(1, 1)]
        sets = {set_number(name) for name in tables.numbered_sets(self.endpoints.postgres_dsn)}
        served = self.served_number()
        return [self._version(number, served) for number in sorted({*sets, *self._recorded(), served})]

    def served(self) -> Version:
        """Return the served version."""
        served = self.served_number()
        return self._version(served, served)

    def get(self, number: int) -> Version:
        """Return the version of this number; raises UserError when there is none."""
        found = next((version for version in self.all() if version.number == number), None)
        if found is None:
            raise UserError(
                f"there is no version {number} of {self.job}",
                f"run ./taxi job versions {self.job} to list the versions",
            )
        return found

    def only_other(self) -> Version:
        """Return the only version that is not served; raises UserError unless there is exactly one."""
        others = [version for version in self.all() if not version.is_served]
        if len(others) == 1:
            return others[0]
        names = ", ".join(version.name for version in others)
        raise UserError(
            f"more than one version is not served: {names}"
            if others
            else f"{self.job} has no version other than the served one",
            "add --to NUMBER" if others else f"run ./taxi job deploy {self.job} --side-by-side to start one",
        )

    def served_before(self) -> Version:
        """Return the version that was served before this one; raises UserError when it is gone."""
        numbers = [set_number(switch.table_set) for switch in self._switches()]
        before = next((number for number in numbers if number != numbers[0]), 0)
        if not before:
            raise UserError("no other version was served before", f"run ./taxi job versions {self.job}")
        return self.get(before)

    def served_since(self) -> datetime:
        """Return the time since which the served version is served."""
        refuse_without_versions(self.job)
        return self._switches()[0].at

    def next_number(self) -> int:
        """Return a number that no version has, or had while it was served."""
        known = {set_number(switch.table_set) for switch in self._switches()}
        return 1 + max({*known, *(version.number for version in self.all())})

    def served_number(self) -> int:
        """Return the number of the served version; raises UserError when it cannot be determined."""
        if not has_versions(self.job):
            return 1
        try:
            return set_number(tables.served(self.endpoints.postgres_dsn) or tables.FIRST_SET)
        except psycopg.OperationalError as failure:
            if self._recorded() <= {1}:
                return 1
            raise UserError(
                "Postgres does not answer, and only Postgres stores which version is served",
                f"name the version, for example {self.job}-1, or run ./taxi up to restart Postgres",
            ) from failure

    def _switches(self) -> list[tables.TableSetSwitch]:
        return tables.switches(self.endpoints.postgres_dsn)

    def _recorded(self) -> set[int]:
        names = JobRecords(self.endpoints.home).names()
        wirings = [Wiring.of_job(name) for name in names if split_version_name(name)[0] == self.job]
        return {wiring.version for wiring in wirings}

    def _version(self, number: int, served: int) -> Version:
        site = JobSite(self.endpoints, Wiring.of_version(self.job, number))
        return Version(site, number, number == served, site.records.read(site.name))


def refuse_without_versions(job: str) -> None:
    """Raise UserError for a job whose tables `taxi.*` does not show: there is nothing to switch."""
    if not has_versions(job):
        raise UserError(
            f"{job} has one version only: taxi.* shows the tables of {DEFAULT_JOB}",
            f"run ./taxi job upgrade {job} instead",
        )


def exact_name(endpoints: Endpoints, name: str) -> str:
    """Return the full name of a version, as dashboard and records use it: without a number, the served
    one."""
    job, number = split_version_name(name)
    versions = Versions(endpoints, job)
    if not number:
        return versions.served().site.name
    wiring = Wiring.of_version(job, number)
    if wiring.name in JobRecords(endpoints.home).names():
        return wiring.name
    return versions.get(number).site.name
