"""`./taxi docs`."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import UserError
from stack.settings import ROOT, StackSettings
from stack.toolchain.environments import ensure_environment
from taxi_cli.forwarding import replace_process

GENERATOR = "taxi_cli.reference"
"""A separate program, because it imports every verb, including this one."""
PAGES_VARIABLE = "TAXI_DOCS_PAGES"
"""The variable that passes the folder of generated pages to docs/_site/hooks.py."""


def docs(
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Serve the site on loopback; a change in docs/ rebuilds it."),
    ] = False,
    port: Annotated[int, typer.Option("--port", help="Port for --serve.", min=1, max=65535)] = 8000,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only warnings and errors.")] = False,
) -> None:
    """Build the documentation site into .taxi/docs/site; exit 1 for a broken link or anchor."""
    home = StackSettings.from_environment().home / "docs"
    _generate(home / "pages")
    python = str(ensure_environment("docs") / "bin" / "python")
    mkdocs = [python, "-m", "mkdocs", *(["--quiet"] if quiet else [])]
    options = ["--strict", "--config-file", str(ROOT / "mkdocs.yml")]
    if serve:
        command = [*mkdocs, "serve", *options, "--dev-addr", f"127.0.0.1:{port}"]
    else:
        command = [*mkdocs, "build", *options, "--site-dir", str(home / "site")]
    replace_process(command, {PAGES_VARIABLE: str(home / "pages"), "NO_MKDOCS_2_WARNING": "1"})


def _generate(pages: Path) -> None:
    command = [sys.executable, "-P", "-m", GENERATOR, str(pages)]
    if subprocess.run(command, check=False).returncode:
        raise UserError("the reference could not be generated", "see the error above")
