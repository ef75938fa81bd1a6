"""The documentation uses the field's words: docs/banned_words.toml lists others with their replacements."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stack.settings import ROOT
from tests.docs.prose import prose_of

pytestmark = pytest.mark.unit

LIST: dict[str, Any] = tomllib.loads((ROOT / "docs" / "banned_words.toml").read_text("utf-8"))
WORDS = {re.compile(rf"\b(?:{words})\b", re.IGNORECASE): use for words, use in LIST["words"].items()}


def checked_files() -> list[Path]:
    """List the files that are checked."""
    found = {path for pattern in LIST["files"] for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(found - {ROOT / name for name in LIST["except"]})


def banned_in(path: Path) -> Iterator[str]:
    """Yield each banned word of a file, with its line and replacement."""
    for number, line in prose_of(path):
        for pattern, use in WORDS.items():
            for found in pattern.finditer(line):
                yield f"line {number}: {found[0]!r}: write {use}"


@pytest.mark.parametrize("path", checked_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_banned_word_is_used(path: Path) -> None:
    assert list(banned_in(path)) == []


def test_each_pattern_of_the_list_finds_a_file() -> None:
    assert [pattern for pattern in LIST["files"] if not any(ROOT.glob(pattern))] == []


def test_the_list_covers_the_readme_and_the_documentation() -> None:
    files = checked_files()
    assert {ROOT / "README.md", ROOT / "docs" / "runbooks" / "job.md"} <= set(files)
    assert [name for name in LIST["except"] if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("page.md", "fine\n```sh\nin vain\n```\n`in vain` and\nit waited in vain\n", 6),
        ("code.py", 'X = 1  # waited in vain\n"""Fine."""\n', 1),
        ("code.py", 'def f():\n    """Wait.\n\n    Perhaps in vain.\n    """\n', 4),
        ("code.py", 'message = f"{x} was waited for in vain"\n', 1),
        ("code.py", 'QUERY = "select beside from t"\nNAME = "beside"\nraise E("wait in vain")\n', 3),
        ("query.sql", "select 1\n-- in vain\n", 2),
        ("query.sql", "alter table t add column beside text\n-- in vain\n", 2),
        ("macro.sql", "{#-\n    Perhaps in vain.\n-#}\n", 2),
        ("main.tf", 'x = 1\ndescription = "Waited in vain."\n', 2),
        ("model.yml", "a: 1\ndescription: >\n  in vain\n", 3),
        ("Makefile", "up: ## start in vain\n\t@./taxi up\n", 1),
        ("Reader.java", "class Reader {\n  /** Reads in vain. */\n}\n", 2),
    ],
)
def test_a_banned_word_is_found_in_prose_only(name: str, text: str, line: int, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    (found,) = banned_in(path)
    assert found.startswith(f"line {line}: 'in vain'")
