"""What a stack remembers of a Flink job: its runs, the topic that it read, and whether it is to run."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class JobRecord:
    """The ids of the job's runs, oldest first; `wanted` until somebody stops it on purpose."""

    job_ids: tuple[str, ...] = ()
    topic_id: str = ""
    wanted: bool = False

    def started(self, job_id: str, topic_id: str) -> "JobRecord":
        """The record after a start."""
        return JobRecord((*self.job_ids, job_id), topic_id, wanted=True)

    def stopped(self) -> "JobRecord":
        """The record after a stop on purpose."""
        return replace(self, wanted=False)


class JobRecords:
    """The records of the jobs of one stack, and the state that their runs left."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def read(self, name: str) -> JobRecord:
        """The record of a job; an empty one when it never ran."""
        try:
            kept = json.loads(self._path(name).read_text("utf-8"))
        except FileNotFoundError:
            return JobRecord()
        return JobRecord(tuple(kept["job_ids"]), kept["topic_id"], kept["wanted"])

    def write(self, name: str, record: JobRecord) -> None:
        """Keep the record, whole or not at all."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps(asdict(record), indent=2), "utf-8")
        draft.replace(path)

    def forget(self, name: str) -> None:
        """Remove the record and every state that the job's runs left."""
        for folder in self._state_folders(name):
            shutil.rmtree(folder)
        self._path(name).unlink(missing_ok=True)

    def restore_point(self, name: str, topic_id: str) -> str:
        """The newest savepoint or checkpoint; empty when none is of this very topic.

        A topic made anew has other records under the same offsets: state of the old one is worthless.
        """
        if self.read(name).topic_id != topic_id:
            return ""
        found = [meta for folder in self._state_folders(name) for meta in folder.rglob("_metadata")]
        return str(max(found, key=lambda meta: meta.stat().st_mtime).parent) if found else ""

    def wanted(self) -> list[str]:
        """The jobs that are to run."""
        names = [path.stem for path in (self._home / "jobs").glob("*.json")]
        return [name for name in names if self.read(name).wanted]

    def _state_folders(self, name: str) -> Iterator[Path]:
        # The disk is asked: a stop may be killed before it could note its savepoint.
        for job_id in self.read(name).job_ids:
            yield from (self._home / "flink" / "checkpoints").glob(job_id)
            yield from (self._home / "flink" / "savepoints").glob(f"savepoint-{job_id[:6]}-*")

    def _path(self, name: str) -> Path:
        return self._home / "jobs" / f"{name}.json"
