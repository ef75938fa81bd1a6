"""What strangers need to adopt the repository is there, and does what CI and `make lint` do."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from stack.settings import ROOT

pytestmark = pytest.mark.unit

README_LINES = 120
DATE_AND_STATUS = re.compile(r"^Date: \d{4}-\d\d-\d\d · Status: (accepted|superseded by \S+)$", re.MULTILINE)


def test_the_license_is_apache_in_the_file_and_in_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    assert [name for name in project["license-files"] if not (ROOT / name).exists()] == []
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")


def test_the_changelog_has_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert re.search(
        rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$",
        (ROOT / "CHANGELOG.md").read_text("utf-8"),
        re.MULTILINE,
    )


def test_workflows_may_only_read_and_their_actions_are_pinned_by_commit() -> None:
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert workflows
    for path in workflows:
        text = path.read_text("utf-8")
        workflow = yaml.safe_load(text)
        assert workflow["permissions"] == {"contents": "read"}
        actions = re.findall(r"uses: (\S+)", text)
        assert [action for action in actions if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)] == []
        assert "pull_request_target" not in text


def test_the_workflow_runs_what_ci_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    assert [step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step] == [".ci/run"]


def test_the_hooks_of_pre_commit_call_the_tools_of_make_lint() -> None:
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    hooks = [hook["entry"] for repository in configuration["repos"] for hook in repository["hooks"]]
    tools = re.findall(
        r"^\t@\$\(TAXI\) tool (\w[\w-]*)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    assert {entry.split()[2] for entry in hooks} >= {"ruff", "mypy", "lint-imports", "sqlfluff"}
    assert {entry.split()[2] for entry in hooks} <= set(tools)
    assert {repository["repo"] for repository in configuration["repos"]} == {"local"}


def test_the_readme_is_one_or_two_screens() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= README_LINES


def test_the_architecture_is_drawn_from_its_source() -> None:
    script = ROOT / "docs" / "_site" / "architecture.py"
    drawn = subprocess.run([sys.executable, str(script)], capture_output=True, check=True).stdout
    assert (ROOT / "docs" / "architecture.svg").read_bytes() == drawn


def test_decisions_are_numbered_dated_and_listed() -> None:
    folder = ROOT / "docs" / "explanation" / "decisions"
    index = (folder / "index.md").read_text("utf-8")
    records = sorted(folder.glob("[0-9]*.md"))
    for number, path in enumerate(records, 1):
        text = path.read_text("utf-8")
        assert path.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number}. ")
        assert re.search(
            r"^Date: \d{4}-\d\d-\d\d · Status: (accepted|superseded by \S+)$", text, re.MULTILINE
        )
        assert f"]({path.name})" in index
