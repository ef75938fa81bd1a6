"""Every relative link of the repository's Markdown leads to a file, and to a heading where it names one."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.settings import ROOT

pytestmark = pytest.mark.unit

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
GENERATED = {f"docs/reference/{name}.md" for name in ("commands", "settings", "tables", "rules", "metrics")}
"""Pages that only the built site has; `./taxi docs` checks links to them."""


def markdown_files() -> list[str]:
    """List the Markdown files that are committed."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def broken_links(path: Path) -> Iterator[str]:
    """Yield the relative links that lead nowhere."""
    for target in LINK.findall(CODE_BLOCK.sub("", path.read_text("utf-8"))):
        name, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (path.parent / name).resolve() if name else path
        is_generated = file.is_relative_to(ROOT) and file.relative_to(ROOT).as_posix() in GENERATED
        has_anchor = not anchor or file.suffix != ".md" or (file.exists() and anchor in anchors(file))
        if not is_generated and not (file.exists() and has_anchor):
            yield target


def anchors(path: Path) -> set[str]:
    """Compute the anchors of a page's headings, as GitHub and mkdocs do."""
    headings = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", markdown_files())
def test_every_link_leads_somewhere(name: str) -> None:
    assert list(broken_links(ROOT / name)) == []


def test_a_broken_link_and_a_broken_anchor_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading\n[a](gone.md) [b](#gone) [c](#a-heading) [d](page.md) [e](https://x.org)\n", "utf-8"
    )
    assert list(broken_links(page)) == ["gone.md", "#gone"]
