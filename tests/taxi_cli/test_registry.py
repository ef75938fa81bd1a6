"""Every verb is in a registry, and what the registry says of it is true."""

import ast
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
import typer

from bench.registry import BENCHMARKS
from stack.settings import ROOT
from taxi_cli import commands
from taxi_cli.commands.job import JobVerbs
from taxi_cli.commands.registry import VERBS
from taxi_cli.verbs import Verb

pytestmark = pytest.mark.unit

LISTED = [*VERBS, *JobVerbs.verbs]
PRODUCERS = [verb for verb in VERBS if verb.completed_by]


def first_line_of(target: Callable[..., Any] | typer.Typer) -> str:
    """The help that a command shows of itself."""
    text = target.info.help if isinstance(target, typer.Typer) else inspect.getdoc(target)
    assert isinstance(text, str)
    return text.splitlines()[0]


def modules_below(package: str, folder: Path) -> Iterator[str]:
    """The modules of a package, and of the packages in it."""
    for module in pkgutil.iter_modules([str(folder)]):
        name = f"{package}.{module.name}"
        yield name
        if module.ispkg:
            yield from modules_below(name, folder / module.name)


@pytest.mark.parametrize("verb", LISTED, ids=lambda verb: verb.target)
def test_the_help_in_the_list_is_the_first_line_of_the_verbs_own(verb: Verb) -> None:
    assert first_line_of(resolve_name(verb.target)) == verb.help


@pytest.mark.parametrize("verb", PRODUCERS, ids=lambda verb: verb.name)
def test_a_verb_of_the_producer_says_what_the_producer_says(verb: Verb) -> None:
    assert first_line_of(resolve_name(verb.completed_by)) == verb.help


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda benchmark: benchmark.verb.name)
def test_the_help_of_a_benchmark_is_the_first_line_of_its_function(benchmark: Any) -> None:
    # Read, not imported: Spark's benchmarks can be imported in Spark's environment only.
    module, _, name = benchmark.verb.target.partition(":")
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text("utf-8"))
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    assert (ast.get_docstring(function) or "").splitlines()[0] == benchmark.verb.help


def test_each_module_of_the_commands_is_a_verb_or_holds_some() -> None:
    named = {verb.target.partition(":")[0] for verb in LISTED} | {"taxi_cli.commands.registry"}
    assert set(modules_below(commands.__name__, Path(commands.__path__[0]))) == named


def test_each_module_of_the_benchmarks_is_a_benchmark() -> None:
    known = {benchmark.verb.target.partition(":")[0] for benchmark in BENCHMARKS}
    files = {path.stem for path in (ROOT / "bench").glob("[a-z]*.py")} - {"registry"}
    assert {f"bench.{name}" for name in files} == known


def test_no_two_verbs_have_one_name() -> None:
    names = [verb.name for verb in VERBS]
    assert len(set(names)) == len(names) > 30
