"""Runs the cheapest tests that could notice a mutant, in a copy of the tree."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Timer

import psycopg

from tests.lone_postgres import lone_postgres
from tests.mutation.mutants import Mutant

LEAST_SECONDS = 30.0
"""A time-out is a few times what the unchanged tree takes, and at least this: machines are busy at times."""
TIMES_SLOWER = 4
LONGEST_SECONDS = 3_600.0
KEPT_DATABASE = "taxi"
STATEMENT = re.compile(r"^(create or replace|create|do|alter|drop)\b", re.MULTILINE)
NO_SUCH_SQL = re.compile(r"does not apply: |SyntaxError")
QUICK = "not long and not drill"


class Outcome(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"
    """It makes a loop endless or a wait hopeless: nobody would ship it."""
    INVALID = "invalid"
    """The database does not take it: it is no change of what runs."""


ACCOUNTING = "tests/control_plane/accounting"

Tests = tuple[str, ...]


@dataclass(frozen=True)
class Suite:
    """The tests that could kill the mutants of some files; a stage only sees what those before it leave."""

    files: str
    """As Path.glob reads it."""
    stages: tuple[Tests, ...] = ()
    names_tests: bool = False
    """Whether unit tests that name the module come first."""

    def stages_of(self, root: Path, file: str) -> list[Tests]:
        """For one file."""
        named = tuple(sorted(_tests_that_name(root, file))) if self.names_tests else ()
        return [stage for stage in (named, *self.stages) if stage]


SUITES = (
    Suite("schemas/vintages.py", (("tests/producer/reading",),), names_tests=True),
    Suite("schemas/standardisation.py", (("tests/producer/reading",),), names_tests=True),
    Suite("schemas/*.py", names_tests=True),
    Suite("schemas/postgres/**/*_explain*.sql", (("tests/schemas/test_explanations.py",),)),
    Suite(
        "schemas/postgres/**/*.sql",
        (
            ("tests/schemas/test_served_sums.py",),
            ("tests/schemas/test_late_fares.py",),
            ("tests/schemas/test_publications.py",),
            ("tests/control_plane/sink/test_table_sets.py",),
        ),
    ),
    Suite(
        "flink_jobs/**/*.sql",
        tuple(
            (f"tests/flink_jobs/test_{name}.py",) for name in ("contract_columns", "dispositions", "windows")
        ),
    ),
    Suite(
        "control_plane/accounting/**/*.py",
        (
            tuple(f"{ACCOUNTING}/test_{name}.py" for name in ("audit", "dead_letters", "redrive_decisions")),
            (f"{ACCOUNTING}/test_letters.py", f"{ACCOUNTING}/test_open_trips.py"),
        ),
    ),
)


def suite_of(root: Path, file: str) -> Suite:
    """The first whose files this one is among."""
    path = root / file
    return next(suite for suite in SUITES if path in root.glob(suite.files))


def _tests_that_name(root: Path, file: str) -> Iterator[str]:
    """Test files that import the module; the tests of a stack would take too long for each mutant."""
    module = file.removesuffix(".py").replace("/", ".")
    package, _, name = module.rpartition(".")
    imports = re.compile(rf"\b{re.escape(module)}\b|from {re.escape(package)} import [^\n]*\b{name}\b")
    for path in (root / "tests").rglob("test_*.py"):
        text = path.read_text("utf-8")
        if imports.search(text) and "pytestmark = pytest.mark.unit" in text:
            yield str(path.relative_to(root))


@dataclass(frozen=True)
class Trial:
    """What became of a mutant, and how long that took."""

    mutant: Mutant
    outcome: Outcome
    seconds: float
    noticed_by: str = ""
    """The first test that failed."""


class Pytest:
    """Runs of pytest in one copy of the tree; see worker.py."""

    def __init__(self, root: Path) -> None:
        self._output = root.with_name("output")
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "tests.mutation.worker"],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: Sequence[str], environment: dict[str, str], timeout: float) -> tuple[int, str]:
        """Exit code and output; raises TimeoutError, and what pytest has started ends with it."""
        request = {"arguments": list(arguments), "environment": environment, "output": str(self._output)}
        assert self._worker.stdin
        self._worker.stdin.write(json.dumps(request) + "\n")
        self._worker.stdin.flush()
        child = self._answer()
        killer = Timer(timeout, _kill, (child,))
        killer.start()
        try:
            code = self._answer()
        except BaseException:
            _kill(child)
            raise
        finally:
            killer.cancel()
        if code == -signal.SIGKILL:
            raise TimeoutError
        return code, self._output.read_text("utf-8", errors="replace")

    def end(self) -> None:
        """End the worker."""
        assert self._worker.stdin
        self._worker.stdin.close()
        self._worker.wait()

    def _answer(self) -> int:
        assert self._worker.stdout
        return int(self._worker.stdout.readline())


@dataclass
class Workplace:
    """A copy of the tree, in which one file at a time is changed."""

    root: Path
    server: str
    """A Postgres for tests that need no more of a stack."""
    pytest: Pytest
    _baselines: dict[Tests, float] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def copied(cls, tree: Path, folder: Path) -> Iterator["Workplace"]:
        """A new copy of what git knows of the tree, or would know, with a Postgres beside it."""
        root = folder / "tree"
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=tree,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (tree / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(tree / name, root / name)
        runs = Pytest(root)
        try:
            with lone_postgres(folder / "home") as dsn:
                _quicken(dsn)
                yield cls(root, dsn.rpartition("/")[0], runs)
        finally:
            runs.end()

    def try_out(self, mutant: Mutant, most_stages: int | None = None) -> Trial:
        """Run the tests of the mutant's file against it; the copy is unchanged afterwards."""
        stages = suite_of(self.root, mutant.file).stages_of(self.root, mutant.file)[:most_stages]
        timeouts = [max(LEAST_SECONDS, TIMES_SLOWER * self._baseline(tests)) for tests in stages]
        path = self.root / mutant.file
        text = path.read_text("utf-8")
        _rewrite(path, mutant.applied(text))
        began_at = time.monotonic()
        outcome, noticed_by = Outcome.SURVIVED, ""
        try:
            for tests, timeout in zip(stages, timeouts, strict=True):
                if outcome is Outcome.SURVIVED:
                    outcome, noticed_by = _outcome(*self._run(tests, timeout, self._database(mutant, text)))
        except TimeoutError:
            outcome = Outcome.TIMED_OUT
        finally:
            _rewrite(path, text)
        return Trial(mutant, outcome, time.monotonic() - began_at, noticed_by)

    def _baseline(self, tests: Tests) -> float:
        """How long the tests take on the unchanged tree, where they must pass."""
        if tests not in self._baselines:
            began_at = time.monotonic()
            code, output = self._run(tests, LONGEST_SECONDS, KEPT_DATABASE)
            if code:
                raise RuntimeError(f"{', '.join(tests)} fail on the unchanged tree:\n{output}")
            self._baselines[tests] = time.monotonic() - began_at
        return self._baselines[tests]

    def _run(self, tests: Sequence[str], timeout: float, database: str) -> tuple[int, str]:
        options = ("-x", "-q", "-p", "no:cacheprovider", "-m", QUICK)
        environment = {"TAXI_TEST_POSTGRES": f"{self.server}/{database}"}
        return self.pytest.run([*options, *tests], environment, timeout)

    def _database(self, mutant: Mutant, text: str) -> str:
        """Functions and views are replaced where they are; a table that is there stays as it is."""
        if Path(mutant.file).suffix != ".sql":
            return KEPT_DATABASE
        heads = STATEMENT.findall(text, 0, mutant.start)
        if heads and heads[-1] == "create or replace":
            return KEPT_DATABASE
        with psycopg.connect(f"{self.server}/postgres", autocommit=True) as connection:
            connection.execute("drop database if exists made_again with (force)")
        return "made_again"


def _quicken(dsn: str) -> None:
    """Have this server write no disk before it answers: what it holds is nobody's."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        os.killpg(group, signal.SIGKILL)


def _rewrite(path: Path, text: str) -> None:
    """Python sees that a file has changed by its second and its size, which two mutants may share."""
    path.write_text(text, "utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def _outcome(code: int, output: str) -> tuple[Outcome, str]:
    """What became of a mutant, and the first test that failed."""
    if code == 0:
        return Outcome.SURVIVED, ""
    if NO_SUCH_SQL.search(output):
        return Outcome.INVALID, ""
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
    return Outcome.KILLED, failed[1] if failed else ""
