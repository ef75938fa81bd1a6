"""The releases of a job: code, jars, settings and plan, kept so that each can run again."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from control_plane.jobs.names import watched_steps
from control_plane.jobs.state_compatibility import Step, incompatibilities, newcomers, read_plan
from control_plane.jobs.submission import JobProgram, current_configuration
from control_plane.jobs.wiring import Wiring, has_versions
from control_plane.sink.table_sets import TABLE_SET_FOLDER, missing_objects, unlike_objects
from schemas.atomic_file import write_atomically
from schemas.errors import UserError
from schemas.jobs import WatchedSteps, job_names
from schemas.trip import all_versions
from stack.console import console
from stack.endpoints import Endpoints
from stack.files import sha256_of
from stack.settings import ROOT
from stack.toolchain import jars
from stack.toolchain.flink_wheel import version
from stack.toolchain.java_build import ensure_formats_jar

CODE_FOLDERS = ("flink_jobs", "schemas")
SINK_TABLE = re.compile(r"'table-name'\s*=\s*'\$\{table_set\}\.(\w+)'")
LEFT_OUT = ("__pycache__", "java", "*.md", "*.pyc")


@dataclass(frozen=True)
class Manifest:
    """The content of a release; two with the same content are the same release."""

    number: int
    job: str
    made_at: str
    commit: str
    source: str
    flink_version: str
    jar_hashes: dict[str, str]
    configuration: dict[str, str]
    content: str


@dataclass(frozen=True)
class Release:
    """A release in its folder."""

    manifest: Manifest
    folder: Path

    @property
    def number(self) -> int:
        """The number, counted up within a stack."""
        return self.manifest.number

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The operators of the release."""
        return read_plan(self.folder / "plan.json")

    @property
    def watched_steps(self) -> WatchedSteps:
        """The operators that Flink is queried about."""
        return watched_steps(self.folder / "code", self.manifest.job)

    @property
    def table_set_folder(self) -> Path:
        """The folder of the DDL of the tables that it writes."""
        folder = self.folder / "code" / "schemas" / "postgres"
        if not has_versions(self.manifest.job):
            return folder / self.manifest.job
        own = folder / "table_set"
        return own if own.is_dir() else TABLE_SET_FOLDER  # kept before there were table sets

    @property
    def schema_version(self) -> int:
        """The newest version of the trip schema that it knows."""
        return all_versions(self.folder / "code" / "schemas" / "avro" / "trip")[-1].version

    @property
    def sink_tables(self) -> set[str]:
        """The tables that its SQL writes to."""
        folder = self.folder / "code" / "flink_jobs" / self.manifest.job
        return {name for file in folder.glob("*.sql") for name in SINK_TABLE.findall(file.read_text("utf-8"))}

    @property
    def outcome(self) -> str:
        """The outcome: `prepared`, `refused: why`, `ran`, or `failed: why`."""
        path = self.folder / "outcome"
        return path.read_text("utf-8") if path.exists() else "prepared"

    def note(self, outcome: str) -> None:
        """Record the outcome."""
        write_atomically(self.folder / "outcome", outcome)

    def refuse_state_of(self, running: "Release") -> None:
        """Raise UserError when this release would lose or misread the state of the running one."""
        reasons = incompatibilities(running.steps, self.steps)
        if reasons:
            self.note(f"refused: {reasons[0]}")
            raise UserError(
                f"release {self.number} cannot take over the state of release {running.number}:"
                f" {'; '.join(reasons)}; nothing was changed",
                f"run {self._remedy} to build a second version from the topic's start, then switch to it",
            )
        for uid in newcomers(running.steps, self.steps):
            console().print(
                f"{uid} is new: it starts without state, in the middle of the topic", highlight=False
            )

    def refuse_absent_tables(self, dsn: str) -> None:
        """Raise UserError when it writes to tables that it does not create, before the first row fails."""
        absent = ", ".join(missing_objects(dsn, self.table_set_folder, self.sink_tables))
        if absent:
            self.note(f"refused: there is no table {absent}")
            raise UserError(
                f"release {self.number} writes to {absent}, which no file of its"
                f" schemas/postgres/{self.table_set_folder.name} creates; nothing was changed",
                "correct the name in the SQL of the job, or add the table to the DDL",
            )

    def refuse_tables_of_another_shape(self, dsn: str, table_set: str) -> None:
        """Raise UserError when the tables of a set cannot become those that it declares."""
        unlike = ", ".join(unlike_objects(dsn, self.table_set_folder, table_set))
        if unlike:
            self.note(f"refused: {unlike} in {table_set} is of another version")
            raise UserError(
                f"release {self.number} cannot take over the tables of {table_set}: {unlike} is of another"
                " version there; nothing was changed",
                f"run {self._remedy} to build a second version from the topic's start, then switch to it",
            )

    @property
    def _remedy(self) -> str:
        source = Path(self.manifest.source)
        command = f"./taxi job deploy {self.manifest.job} --side-by-side"
        return command + (f" --source {source}" if source != ROOT else "")


class Releases:
    """The releases of one job on one stack."""

    def __init__(self, endpoints: Endpoints, wiring: Wiring) -> None:
        self._endpoints = endpoints
        self._wiring = wiring
        self._name = wiring.job
        self._folder = endpoints.home / "flink" / "releases"

    def all(self) -> list[Release]:
        """List every release, oldest first."""
        found = (_read(path.parent) for path in self._folder.glob("[0-9]*/release.json"))
        return sorted(
            (release for release in found if release.manifest.job == self._name), key=lambda r: r.number
        )

    def get(self, number: int) -> Release:
        """Return the release of this number, ready to be submitted."""
        folder = self._folder / str(number)
        if not (folder / "release.json").exists():
            raise UserError(
                f"release {number} of {self._name} is not kept", f"run ./taxi job releases {self._name}"
            )
        return self._planned(_read(folder))

    def watched_steps(self, number: int) -> WatchedSteps:
        """Return the steps to query Flink about while this release runs; those of this tree if it was
        removed."""
        code = self._folder / str(number) / "code"
        return watched_steps(code if code.is_dir() else ROOT, self._name)

    def program(self, release: Release) -> JobProgram:
        """Return the release as a program for this stack."""
        return self._program(release.folder, release.manifest)

    def of_tree(self, source: Path) -> Release:
        """Plan the release of a tree with `flink_jobs` and `schemas`, or return a kept release."""
        kept = self._kept_in(source)
        if kept:
            return self._planned(kept)
        draft, manifest = self._drafted(source)
        known = self._same(manifest)
        if known:
            shutil.rmtree(draft)
            return self._planned(known)
        self._plan(draft, manifest)
        (draft / "release.json").write_text(json.dumps(asdict(manifest), indent=2), "utf-8")
        return Release(manifest, draft.rename(self._folder / str(manifest.number)))

    def find(self, source: Path) -> Release | None:
        """Return the release of a tree, or a kept release; None where it is not kept."""
        kept = self._kept_in(source)
        if kept:
            return kept
        draft, manifest = self._drafted(source)
        shutil.rmtree(draft)
        return self._same(manifest)

    def _kept_in(self, folder: Path) -> Release | None:
        return next((release for release in self.all() if release.folder == folder), None)

    def _drafted(self, source: Path) -> tuple[Path, Manifest]:
        _refuse_strange_tree(source, self._name)
        draft = self._folder / f".draft-{self._wiring.name}"
        shutil.rmtree(draft, ignore_errors=True)
        return draft, self._fill(draft, source)

    def _same(self, manifest: Manifest) -> Release | None:
        return next((one for one in self.all() if one.manifest.content == manifest.content), None)

    def _fill(self, draft: Path, source: Path) -> Manifest:
        for folder in CODE_FOLDERS:
            shutil.copytree(source / folder, draft / "code" / folder, ignore=_left_out(source, self._name))
        formats = ensure_formats_jar(source / "flink_jobs" / "java")
        (draft / "jars").mkdir()
        for jar in (*jars.ensure("flink"), formats):
            _link(jar, draft / "jars" / jar.name)
        hashes = {path.name: sha256_of(path) for path in sorted((draft / "jars").iterdir())}
        configuration = current_configuration()
        inputs = [_tree_hash(draft / "code"), hashes, configuration, version()]
        return Manifest(
            number=1 + max((int(path.name) for path in self._folder.glob("[0-9]*")), default=0),
            job=self._name,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            commit=_commit(source),
            source=str(source),
            flink_version=version(),
            jar_hashes=hashes,
            configuration=configuration,
            content=hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest(),
        )

    def _planned(self, release: Release) -> Release:
        if not self.program(release).graph.exists():
            self._plan(release.folder, release.manifest)
        return release

    def _plan(self, folder: Path, manifest: Manifest) -> None:
        console().print(f"planning release {manifest.number} of {self._name} …", highlight=False)
        self._program(folder, manifest).plan()

    def _program(self, folder: Path, manifest: Manifest) -> JobProgram:
        return JobProgram(self._endpoints, self._wiring, folder, manifest.configuration)


def _read(folder: Path) -> Release:
    return Release(Manifest(**json.loads((folder / "release.json").read_text("utf-8"))), folder)


def _refuse_strange_tree(source: Path, name: str) -> None:
    missing = [part for part in (f"flink_jobs/{name}/job.py", "schemas") if not (source / part).exists()]
    if missing:
        raise UserError(f"{source} has no {missing[0]}", "give a tree with flink_jobs/ and schemas/")


def _left_out(source: Path, job: str) -> Callable[[str, list[str]], set[str]]:
    """Filter what a release leaves out, including the other jobs, whose changes do not concern it."""
    jobs_folder = source / "flink_jobs"
    others = {jobs_folder / name for name in job_names(jobs_folder)} - {jobs_folder / job}
    patterns = shutil.ignore_patterns(*LEFT_OUT)
    return lambda folder, names: {*patterns(folder, names), *(n for n in names if Path(folder, n) in others)}


def _link(path: Path, target: Path) -> None:
    """Link a file: a link needs no space, and keeps the jar when the cache is emptied."""
    try:
        os.link(path, target)
    except OSError:  # on another file system
        shutil.copyfile(path, target)


def _tree_hash(folder: Path) -> str:
    content = hashlib.sha256()
    for path in _files(folder):
        content.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
        content.update(path.read_bytes())
    return content.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _commit(source: Path) -> str:
    """Return the commit of the tree, with a + where it has changes; empty outside of git."""
    commit = _git(source, "ls-files", "flink_jobs") and _git(source, "rev-parse", "--short", "HEAD")
    changed = commit and _git(source, "status", "--porcelain", "--", *CODE_FOLDERS)
    return f"{commit}+" if changed else commit


def _git(source: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(source), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
