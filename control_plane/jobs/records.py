"""The recorded history of a Flink job on a stack: its runs, its topic, and whether it is meant to run."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from pathlib import Path

from schemas.atomic_file import write_json


@dataclass(frozen=True)
class JobRun:
    """One start of the job: the release, and the savepoint or checkpoint that it was restored from."""

    job_id: str
    release: int = 0
    origin: str = ""
    abandoned: bool = False
    """The run was rolled back: its state is never restored."""


@dataclass(frozen=True)
class JobRecord:
    """The job's runs, oldest first; `wanted` until a user stops it on purpose."""

    runs: tuple[JobRun, ...] = ()
    topic_id: str = ""
    wanted: bool = False
    upgrading_to: int = 0
    """The release of an upgrade that is not verified yet; 0 without one."""

    @property
    def kept_runs(self) -> tuple[JobRun, ...]:
        """The runs that were not rolled back."""
        return tuple(run for run in self.runs if not run.abandoned)

    @property
    def latest_runs(self) -> tuple[JobRun, ...]:
        """The consecutive runs of the release that ran last, newest first."""
        newest_first = self.kept_runs[::-1]
        return tuple(takewhile(lambda run: run.release == newest_first[0].release, newest_first))

    @property
    def release(self) -> int:
        """The release that ran last; 0 when none is known."""
        return self.kept_runs[-1].release if self.kept_runs else 0

    @property
    def previous_release(self) -> int:
        """The release before the last one; 0 without one."""
        before = self.kept_runs[: len(self.kept_runs) - len(self.latest_runs)]
        return before[-1].release if before else 0

    @property
    def handover(self) -> str:
        """The savepoint that the last release took over from the previous one."""
        return self.latest_runs[-1].origin if self.latest_runs else ""

    def knows(self, job_id: str, release: int) -> bool:
        """Check whether this is a run of that release."""
        return any((run.job_id, run.release) == (job_id, release) for run in self.runs)

    def started(self, run: JobRun, topic_id: str) -> "JobRecord":
        """Return the record at the beginning of a start."""
        return replace(self, runs=(*self.runs, run), topic_id=topic_id, wanted=True)

    def stopped(self) -> "JobRecord":
        """Return the record after a stop on purpose."""
        return replace(self, wanted=False, upgrading_to=0)

    def upgrading(self, release: int) -> "JobRecord":
        """Return the record during an upgrade to this release; 0 ends it."""
        return replace(self, upgrading_to=release)

    def rolled_back(self) -> "JobRecord":
        """Return the record without the runs of the release that ran last."""
        left = {run.job_id for run in self.latest_runs}
        runs = tuple(replace(run, abandoned=run.abandoned or run.job_id in left) for run in self.runs)
        return replace(self, runs=runs, upgrading_to=0)


class JobRecords:
    """The records of the jobs of one stack, and the state that their runs left."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def read(self, name: str) -> JobRecord:
        """Read the record of a job; an empty one when it never ran."""
        try:
            kept = json.loads(self._path(name).read_text("utf-8"))
        except FileNotFoundError:
            return JobRecord()
        runs = [JobRun(**run) for run in kept.get("runs", ())] or [
            JobRun(job) for job in kept.get("job_ids", ())
        ]
        return JobRecord(tuple(runs), kept["topic_id"], kept["wanted"], kept.get("upgrading_to", 0))

    def write(self, name: str, record: JobRecord) -> None:
        """Write the record atomically."""
        write_json(self._path(name), asdict(record))

    def forget(self, name: str) -> None:
        """Remove the record and all state of the job's runs."""
        for run in self.read(name).runs:
            for folder in self.state_folders(run):
                shutil.rmtree(folder)
        self._path(name).unlink(missing_ok=True)

    def restore_points(self, name: str, topic_id: str) -> list[Path]:
        """List savepoints and checkpoints, newest first; none when they belong to another topic.

        A recreated topic has other records under the same offsets, so state of the old one is worthless.
        """
        record = self.read(name)
        if record.topic_id != topic_id:
            return []
        found = [meta for run in record.kept_runs for meta in self._metadata(run)]
        return [meta.parent for meta in sorted(found, key=lambda meta: -meta.stat().st_mtime)]

    def savepoints(self, name: str, release: int) -> list[Path]:
        """List the savepoints taken from a release, oldest first."""
        runs = [run for run in self.read(name).runs if run.release == release]
        found = [meta for run in runs for folder in self._savepoint_folders(run) for meta in _whole(folder)]
        return [meta.parent for meta in sorted(found, key=lambda meta: meta.stat().st_mtime)]

    def wanted(self) -> list[str]:
        """List the jobs that are meant to run."""
        return [name for name in self.names() if self.read(name).wanted]

    def names(self) -> list[str]:
        """List the jobs that were started and not forgotten."""
        return sorted(path.stem for path in (self._home / "jobs").glob("*.json"))

    def _metadata(self, run: JobRun) -> Iterator[Path]:
        for folder in self.state_folders(run):
            yield from _whole(folder)

    def state_folders(self, run: JobRun) -> Iterator[Path]:
        """Yield the folders with the checkpoints and savepoints of a run."""
        # Read from the disk: a stop may be killed before it has recorded its savepoint.
        yield from (self._home / "flink" / "checkpoints").glob(run.job_id)
        yield from self._savepoint_folders(run)

    def _savepoint_folders(self, run: JobRun) -> Iterator[Path]:
        yield from (self._home / "flink" / "savepoints").glob(f"savepoint-{run.job_id[:6]}-*")

    def _path(self, name: str) -> Path:
        return self._home / "jobs" / f"{name}.json"


def _whole(folder: Path) -> Iterator[Path]:
    """Yield the complete states under a folder: Flink writes `_metadata` last."""
    yield from folder.rglob("_metadata")
