"""`./taxi drill`: deliberate faults on a separate stack, and the effect on the rows."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from schemas.errors import UserError
from stack.console import output, wide_output
from stack.settings import ROOT, user_environment
from stack.toolchain import environments as bootstrap
from taxi_cli.options import AsJson

ALL = "all"
FOLDER = "tests/drills"
WIDTH = 100


@dataclass(frozen=True)
class DrillResult:
    """The result of one drill; None for steps that it did not reach."""

    drill: str
    seed: int
    verdict: str
    recovery_seconds: str
    rows_compared: int | None
    differences: int | None
    seconds: float
    reason: str


def drill(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of a drill, or all.", show_default=False)
    ] = "",
    list_them: Annotated[bool, typer.Option("--list", help="Print the names of the drills.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of trips and faults; equal seeds repeat a run.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Inject faults into a separate stack and compare every row; exit 1 if a drill fails."""
    known = _names()
    if list_them:
        print(json.dumps(known) if as_json else "\n".join(known))  # noqa: T201 - data
        return
    if name not in {*known, ALL}:
        problem = f"there is no drill {name}" if name else "no drill is named"
        raise UserError(problem, f"choose from: {', '.join([ALL, *known])}")
    results = _run(name, seed)
    if as_json:
        print(json.dumps([asdict(result) for result in results], indent=2))  # noqa: T201 - data
    else:
        _print(results)
    if any(result.verdict == "failed" for result in results):
        raise typer.Exit(1)


def _names() -> list[str]:
    with TemporaryDirectory() as folder:
        kept = Path(folder) / "names.jsonl"
        _pytest(["--collect-only", "-q"], {"TAXI_DRILL_NAMES": str(kept)}, quiet=True)
        return [line["drill"] for line in _lines(kept)]


def _run(name: str, seed: int) -> list[DrillResult]:
    with TemporaryDirectory() as folder:
        kept = Path(folder) / "results.jsonl"
        variables = {"TAXI_DRILL_RESULTS": str(kept), "TAXI_DRILL_SEED": str(seed)}
        if name != ALL:
            variables["TAXI_DRILL"] = name
        _pytest(["-v", "-p", "no:cacheprovider"], variables)
        results = [DrillResult(**line) for line in _lines(kept)]
    if not results:
        raise UserError("no drill ran", "see the output above")
    return results


def _pytest(options: Sequence[str], variables: Mapping[str, str], *, quiet: bool = False) -> None:
    programs = bootstrap.ensure_environment("dev") / "bin"
    inherited = user_environment()
    path = f"{programs}{os.pathsep}{inherited.get('PATH', '')}"
    done = subprocess.run(
        [str(programs / "pytest"), FOLDER, "-m", "drill", *options],
        cwd=ROOT,
        env={**inherited, "PATH": path, "PYTHONPATH": str(ROOT), **variables},
        # Standard output is for the table.
        stdout=subprocess.PIPE if quiet else sys.stderr,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1}:
        output_lines = (done.stdout or "see the output above").strip().splitlines()
        raise UserError(
            f"pytest could not run the drills ({output_lines[-1] if output_lines else 'no output'})",
            "fix the tests, then run the same command again",
        )


def _lines(kept: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []


def _print(results: Sequence[DrillResult]) -> None:
    seeds = ", ".join(sorted({str(result.seed) for result in results}))
    table = Table(title=f"Drills, seed {seeds}", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("drill", no_wrap=True)
    for column in ("recovery s", "rows", "differ"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for result in results:
        table.add_row(
            result.drill,
            result.recovery_seconds.replace(",", ""),
            _amount(result.rows_compared),
            _amount(result.differences),
            result.verdict,
        )
    wide_output(WIDTH).print(table)
    for result in results:
        if result.reason:
            output().print(f"{result.drill}: {result.reason}", highlight=False, markup=False, soft_wrap=True)
    passed = sum(result.verdict == "passed" for result in results)
    seconds = sum(result.seconds for result in results)
    output().print(f"{passed} of {len(results)} drills passed in {seconds:,.0f} s", highlight=False)


def _amount(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
