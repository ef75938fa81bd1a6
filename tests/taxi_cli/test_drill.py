"""The drills as a person asks for them."""

import json
import subprocess
import sys

from stack.settings import ROOT


def drill(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "taxi_cli", "drill", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_drill_has_a_name_of_its_own() -> None:
    names = json.loads(drill("--list", "--json").stdout)
    assert len(set(names)) == len(names) > 20


def test_every_drill_stands_in_the_table_of_the_runbook() -> None:
    page = (ROOT / "docs" / "runbooks" / "drills.md").read_text("utf-8")
    missing = [name for name in drill("--list").stdout.split() if f"`{name}`" not in page]
    assert missing == []


def test_an_unknown_drill_is_refused_with_the_known_ones() -> None:
    refused = drill("nonsense")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: there is no drill nonsense; choose from: all, ")
