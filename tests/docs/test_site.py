"""The build of the site refuses what a reader would stumble over."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stack.settings import ROOT
from stack.toolchain.environments import ensure_environment
from taxi_cli.commands.docs import PAGES_VARIABLE
from taxi_cli.reference.__main__ import write_pages

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the sources of the site, and write the generated pages."""
    tree = tmp_path_factory.mktemp("site")
    command = ["git", "ls-files", "*.md", "docs", "mkdocs.yml"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    write_pages(tree / "pages")
    return tree


def built(site: Path, page: str = "") -> subprocess.CompletedProcess[str]:
    """Build the site with one more page."""
    more = site / "docs" / "how-to" / "more.md"
    more.write_text(f"# More\n\n{page}\n", "utf-8")
    config = site / "more.yml"
    config.write_text("INHERIT: mkdocs.yml\nnot_in_nav: '**'\n", "utf-8")
    python = str(ensure_environment("docs") / "bin" / "python")
    command = [python, "-m", "mkdocs", "build", "--strict", "--config-file", str(config)]
    return subprocess.run(
        [*command, "--site-dir", str(site / "built")],
        env={**os.environ, PAGES_VARIABLE: str(site / "pages"), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_site_is_built_with_the_generated_pages_and_those_outside_docs(site: Path) -> None:
    result = built(site, "[a](../../SECURITY.md) [b](../reference/tables.md) [c](../../schemas/rules.py)")
    assert result.returncode == 0, result.stderr
    html = (site / "built" / "how-to" / "more.html").read_text("utf-8")
    assert 'href="../project/security-policy.html"' in html
    assert 'href="../reference/tables.html"' in html
    assert "c (<code>schemas/rules.py</code>)" in html


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("[gone](gone.md)", "gone.md"),
        ("[gone](second-job.md#gone)", "gone"),
        ('<script src="https://example.org/a.js"></script>', "must work without a network"),
        ("![](//example.org/a.png)", "must work without a network"),
    ],
)
def test_a_broken_link_or_a_foreign_asset_fails_the_build(page: str, message: str, site: Path) -> None:
    result = built(site, page)
    assert result.returncode != 0
    assert message in result.stderr
