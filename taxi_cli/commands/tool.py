"""`./taxi tool`."""

import os
from pathlib import Path

import typer

from schemas.errors import UserError
from stack.settings import ROOT, user_environment
from stack.toolchain.environments import ensure_environment
from taxi_cli.forwarding import replace_process


def tool(context: typer.Context) -> None:
    """Run a tool of the developers' environment: ./taxi tool pytest -m unit."""
    if not context.args:
        raise UserError("no tool is named", "run for example ./taxi tool pytest -m unit")
    name, *arguments = context.args
    programs = ensure_environment("dev") / "bin"
    path = f"{programs}{os.pathsep}{user_environment().get('PATH', '')}"
    replace_process([str(_found(programs, name)), *arguments], {"PATH": path, "PYTHONPATH": str(ROOT)})


def _found(programs: Path, name: str) -> Path:
    program = programs / name
    if not program.exists():
        raise UserError(f"there is no tool {name}", f"the tools are in {programs}")
    return program
