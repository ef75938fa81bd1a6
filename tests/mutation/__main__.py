"""`make mutate`: which changes of the contracts, of their SQL and of the accounting no test notices.

Where it is stopped it goes on; what has changed since is tried again. Survivors are tried again with --again.
"""

import json
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from stack.settings import ROOT
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.trials import SUITES, Outcome, Trial, Workplace

RESULTS = ROOT / ".taxi" / "mutation" / "trials.jsonl"
CONSOLE = Console(highlight=False, soft_wrap=True)

app = typer.Typer(add_completion=False)


@app.command()
def mutate(
    files: Annotated[list[Path] | None, typer.Argument(help="only these, of those that are tried")] = None,
    *,
    at_most: Annotated[int | None, typer.Option(help="so many mutants, spread over all")] = None,
    again: Annotated[bool, typer.Option(help="try survivors again, after tests were added")] = False,
    stages: Annotated[
        int | None, typer.Option(help="only the first stages of tests, which cost least")
    ] = None,
    only_list: Annotated[bool, typer.Option("--list", help="run nothing: say what is known")] = False,
) -> None:
    """Change one operator or constant a time in a copy of the tree, and run the tests that could notice."""
    mutants = _mutants({path.absolute() for path in files or ()})
    known = _known()
    if only_list:
        _print(mutants, known)
        return
    undecided = {Outcome.SURVIVED} if again else set()
    left = [mutant for mutant in mutants if known.get(mutant.key, (Outcome.SURVIVED,))[0] in undecided]
    left += [mutant for mutant in mutants if mutant.key not in known and mutant not in left]
    if at_most is not None and len(left) > at_most:
        left = [left[number * len(left) // at_most] for number in range(at_most)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends, too
    _try_all(left, stages)
    _print(mutants, _known())


def _mutants(wanted: set[Path]) -> list[Mutant]:
    """Of the files that suites name, each once; of the wanted ones where some are."""
    files = dict.fromkeys(path for suite in SUITES for path in sorted(ROOT.glob(suite.files)))
    return [
        mutant
        for path in files
        if not wanted or path in wanted or wanted & set(path.parents)
        for mutant in mutants_of(ROOT, path)
    ]


def _try_all(mutants: Sequence[Mutant], stages: int | None) -> None:
    if not mutants:
        return
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        RESULTS.open("a", encoding="utf-8") as results,
        Workplace.copied(ROOT, Path(folder)) as workplace,
        _progress() as progress,
    ):
        task = progress.add_task("", total=len(mutants))
        for mutant in mutants:
            progress.update(task, description=str(mutant))
            trial = workplace.try_out(mutant, stages)
            results.write(json.dumps(_entry(trial)) + "\n")
            results.flush()
            if trial.outcome is Outcome.SURVIVED:
                progress.print(f"survived: {mutant}", markup=False)
            progress.advance(task)


def _progress() -> Progress:
    columns = (MofNCompleteColumn(), BarColumn(20), TimeRemainingColumn(), TextColumn("{task.description}"))
    return Progress(*columns, console=CONSOLE)


def _entry(trial: Trial) -> dict[str, object]:
    return {"key": trial.mutant.key, **asdict(trial), "seconds": round(trial.seconds, 1)}


def _known() -> dict[str, tuple[Outcome, str]]:
    """The newest outcome of each mutant, and who noticed it."""
    return {entry["key"]: (Outcome(entry["outcome"]), entry["noticed_by"]) for entry in _entries()}


def _entries() -> Iterator[dict[str, str]]:
    if RESULTS.exists():
        yield from map(json.loads, RESULTS.read_text("utf-8").splitlines())


def _print(mutants: Sequence[Mutant], known: dict[str, tuple[Outcome, str]]) -> None:
    """The survivors, and how many mutants there are of each outcome."""
    outcomes = Counter(known[mutant.key][0] for mutant in mutants if mutant.key in known)
    for mutant in mutants:
        if mutant.key in known and known[mutant.key][0] is Outcome.SURVIVED:
            CONSOLE.print(f"survived: {mutant}", markup=False)
    counts = ", ".join(f"{outcomes[outcome]:,} {outcome}" for outcome in Outcome)
    CONSOLE.print(f"{len(mutants):,} mutants: {counts}, {len(mutants) - outcomes.total():,} not tested yet")


if __name__ == "__main__":
    app()
