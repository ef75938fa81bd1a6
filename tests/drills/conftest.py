"""Which drills run, what they share, and what is written down of them for `./taxi drill`."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.endpoints import Endpoints
from tests.drills.change_audit import ChangeAudit
from tests.drills.drill import Drill
from tests.drills.rehearsal import Rehearsals
from tests.platform import Platform

HERE = Path(__file__).parent
DEFAULT_SEED = 1
LONGEST_SECONDS = 1_800  # four busy stacks beside it made a drill of two minutes last ten


def name_of(item: pytest.Item) -> str:
    """The name in the marker, and the parameter's where there is one."""
    marker = item.get_closest_marker("drill")
    assert marker, f"{item.nodeid} is no drill"
    parameter = getattr(item, "callspec", None)
    return f"{marker.args[0]}-{parameter.id}" if parameter else str(marker.args[0])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the drills that were not asked for; each test tells its name to the report."""
    drills = [item for item in items if item.path.is_relative_to(HERE)]
    selected = os.environ.get("TAXI_DRILL")
    left_out = [item for item in drills if selected and name_of(item) != selected]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)
    for item in drills:
        item.add_marker(pytest.mark.timeout(LONGEST_SECONDS))
        item.user_properties.append(("drill", name_of(item)))
        _write("TAXI_DRILL_NAMES", {"drill": name_of(item)})


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A line a drill: when it has run, or when it could not even begin."""
    facts = dict(report.user_properties)
    if "drill" not in facts or (report.when != "call" and report.outcome == "passed"):
        return
    line = {
        "drill": facts["drill"],
        "seed": seed_of_this_run(),
        "verdict": report.outcome,
        "recovery_seconds": facts.get("recovery_seconds", ""),
        "rows_compared": facts.get("rows_compared"),
        "differences": facts.get("differences"),
        "seconds": round(report.duration, 1),
        "reason": _reason(report),
    }
    _write("TAXI_DRILL_RESULTS", line)


def seed_of_this_run() -> int:
    return int(os.environ.get("TAXI_DRILL_SEED", DEFAULT_SEED))


@pytest.fixture(scope="session")
def rehearsals(stack: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Rehearsals:
    """Made-up months, and what a replay of them puts on a topic."""
    return Rehearsals(stack, tmp_path_factory.mktemp("months"))


@pytest.fixture
def drill(
    stack: Endpoints,
    rehearsals: Rehearsals,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> Iterator[Drill]:
    """The shared stack with an empty topic, a fresh job, and a trigger that sees what changes."""
    platform = Platform.fresh(stack)
    print(f"seed {seed_of_this_run()}")  # noqa: T201 - pytest shows it with a failure
    with ChangeAudit.installed(platform) as audit:
        yield Drill(platform, audit, rehearsals, seed_of_this_run(), tmp_path, record_property)


def _reason(report: pytest.TestReport) -> str:
    if report.outcome == "passed":
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message).splitlines()[0] if crash else str(report.longrepr).splitlines()[-1]


def _write(variable: str, line: dict[str, object]) -> None:
    if path := os.environ.get(variable):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
