"""The tutorials, typed literally in a fresh clone."""

from pathlib import Path

import pytest

from stack.settings import ROOT
from tests.docs.commands import commands_of, fresh_clone, typed

TUTORIALS = sorted(path.stem for path in (ROOT / "docs" / "tutorials").glob("*.md") if path.stem != "index")


@pytest.mark.unit
@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_says_when_it_was_run_and_stops_its_stack(name: str) -> None:
    page = ROOT / "docs" / "tutorials" / f"{name}.md"
    assert "\nLast run: " in page.read_text("utf-8")
    assert commands_of(page).rstrip().endswith("./taxi down")


@pytest.mark.integration
@pytest.mark.long("each tutorial takes minutes; its commands are those that other tests run")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", TUTORIALS)
def test_every_command_of_a_tutorial_succeeds(name: str, tmp_path: Path) -> None:
    clone = fresh_clone(tmp_path / "clone")
    result = typed(commands_of(ROOT / "docs" / "tutorials" / f"{name}.md"), clone)
    print(result.stdout)  # noqa: T201 - what a reader would see
    assert result.returncode == 0, result.stdout[-4000:]
