"""What a stack remembers of a Flink job: the runs it had and the savepoint it left."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class JobRecord:
    """Job ids, oldest first, and the savepoint of the last graceful stop."""

    job_ids: tuple[str, ...] = ()
    savepoint: str = ""

    def started(self, job_id: str) -> "JobRecord":
        """The record after a start."""
        return replace(self, job_ids=(*self.job_ids, job_id))

    def stopped(self, savepoint: str) -> "JobRecord":
        """The record after a stop that left a savepoint."""
        return replace(self, savepoint=savepoint)


class JobRecords:
    """The records of the jobs of one stack."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def read(self, name: str) -> JobRecord:
        """The record of a job; an empty one when it never ran."""
        try:
            kept = json.loads(self._path(name).read_text("utf-8"))
        except FileNotFoundError:
            return JobRecord()
        return JobRecord(tuple(kept["job_ids"]), kept["savepoint"])

    def write(self, name: str, record: JobRecord) -> None:
        """Keep the record, whole or not at all."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps(asdict(record), indent=2), "utf-8")
        draft.replace(path)

    def forget(self, name: str) -> None:
        """Start over: the next deploy begins at the beginning of the topic."""
        self._path(name).unlink(missing_ok=True)

    def restore_point(self, name: str) -> str:
        """The newest savepoint or retained checkpoint of the job; empty when there is none."""
        record = self.read(name)
        folders = [self._home / "flink" / "checkpoints" / job_id for job_id in record.job_ids]
        found = [meta for folder in folders for meta in folder.glob("chk-*/_metadata")]
        if record.savepoint:
            found.extend(Path(record.savepoint).glob("_metadata"))
        return str(max(found, key=lambda meta: meta.stat().st_mtime).parent) if found else ""

    def _path(self, name: str) -> Path:
        return self._home / "jobs" / f"{name}.json"
