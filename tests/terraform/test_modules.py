"""The tests of each module (modules/*.tftest.hcl), run by Terraform itself against a mocked provider."""

import json
import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from stack.settings import ROOT
from tests.terraform.terraform import MODULE_TESTS, MODULES, Terraform, copied_tree

pytestmark = pytest.mark.unit

MODULE_NAMES = sorted(path.name for path in MODULES.iterdir())


@dataclass
class Runs:
    """What became of the runs of one file, and what was said."""

    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def runs(terraform: Terraform, scratch: Path) -> Mapping[str, Runs]:
    """All runs, by the file's name: one process, as starting the provider costs more than the tests."""
    copied_tree(scratch)
    tests = Path(shutil.copytree(MODULE_TESTS, scratch / MODULE_TESTS.relative_to(ROOT)))
    terraform.init(tests, "-backend=false")
    output = terraform.run("test", "-json", folder=tests, seconds=540, may_fail=True).stdout
    found = _by_file([json.loads(line) for line in output.splitlines() if line.startswith("{")])
    Console(width=100).print(_table(found))
    return found


def _by_file(events: list[dict[str, Any]]) -> Mapping[str, Runs]:
    runs: dict[str, Runs] = defaultdict(Runs)
    for event in events:
        of_file = runs[str(event.get("@testfile", "")).removesuffix(".tftest.hcl")]
        run = event.get("test_run", {})
        if run.get("progress") == "complete":
            (of_file.passed if run["status"] == "pass" else of_file.failed).append(run["run"])
        if event.get("@level") == "error":
            of_file.messages.append(event.get("diagnostic", {}).get("detail") or event["@message"])
    return runs


def _table(found: Mapping[str, Runs]) -> Table:
    """For people: `pytest -s` shows it."""
    table = Table("module", "passed", "failed", title="terraform test")
    rows = {name: (len(found[name].passed), len(found[name].failed)) for name in sorted(found) if name}
    passed, failed = map(sum, zip(*rows.values(), strict=True))
    for name, counts in {**rows, "together": (passed, failed)}.items():
        table.add_row(name, *map(str, counts))
    return table


@pytest.mark.parametrize("module", [*MODULE_NAMES, "identity_rights"])
def test_a_module_does_what_its_readme_says(module: str, runs: Mapping[str, Runs]) -> None:
    assert (runs[module].failed, runs[module].messages) == ([], [])
    assert runs[module].passed


def test_every_module_has_tests() -> None:
    assert {path.name.split(".")[0] for path in MODULE_TESTS.glob("*.tftest.hcl")} == {
        *MODULE_NAMES,
        "identity_rights",
    }
