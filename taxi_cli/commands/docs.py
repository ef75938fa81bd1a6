"""`./taxi docs`."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from stack.settings import ROOT, StackSettings
from stack.toolchain.environments import ensure_environment
from taxi_cli.forwarding import replace_process
from taxi_cli.reference.pages import generated

PAGES_VARIABLE = "TAXI_DOCS_PAGES"
"""Tells docs/_site/hooks.py where the generated pages are."""


def docs(
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the site on loopback and rebuild it on every change.")
    ] = False,
    port: Annotated[int, typer.Option("--port", help="Port of --serve.", min=1, max=65535)] = 8000,
) -> None:
    """Build the documentation site into .taxi/docs/site; exit 1 for a broken link or anchor."""
    home = StackSettings.from_environment().home / "docs"
    pages, site = home / "pages", home / "site"
    write_pages(pages)
    python = str(ensure_environment("docs") / "bin" / "python")
    action = ["serve", "--dev-addr", f"127.0.0.1:{port}"] if serve else ["build", "--site-dir", str(site)]
    command = [python, "-m", "mkdocs", action[0], "--strict", "--config-file", str(ROOT / "mkdocs.yml")]
    sys.stdout.flush()
    replace_process([*command, *action[1:]], {PAGES_VARIABLE: str(pages), "NO_MKDOCS_2_WARNING": "1"})


def write_pages(folder: Path) -> None:
    """Write the generated pages, and remove those of earlier builds."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in generated().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
