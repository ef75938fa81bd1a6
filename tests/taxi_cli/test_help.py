"""What the help shows, in which order, and by what."""

import re
from pathlib import Path

import pytest

from bench.registry import BENCHMARKS
from taxi_cli.commands.registry import VERBS
from tests.taxi_cli.command_line import taxi
from tests.taxi_cli.conftest import InProcess

pytestmark = pytest.mark.unit

PANEL = re.compile(r"^╭─ (.+?) ─", re.MULTILINE)
HANDED_ON = {("replay",), ("fetch",), ("inspect",), ("generate",), ("bench", "stream")}
"""To another program, which this process would become."""

ROW = re.compile(r"^│ ([a-z-]+) ", re.MULTILINE)


def test_the_panels_come_in_their_order_with_the_everyday_verbs_first(taxi_here: InProcess) -> None:
    shown = taxi_here("--help").stdout
    assert PANEL.findall(shown) == [
        "Options",
        "Everyday",
        "Data",
        "Command lines of the tools",
        "AWS",
        "This machine",
        "Development",
    ]
    verbs = [name for name in ROW.findall(shown) if not name.startswith("-")]
    assert verbs[:8] == ["demo", "up", "down", "status", "replay", "job", "sql", "audit"]
    assert verbs == [verb.name for verb in VERBS if not verb.is_hidden]


def test_each_verb_stands_in_the_help_with_its_line(taxi_here: InProcess) -> None:
    shown = " ".join(re.sub(r"[│╭╮╰╯─]", " ", taxi_here("--help").stdout).split())
    missing = [verb.name for verb in VERBS if not verb.is_hidden and verb.help not in shown]
    assert missing == []


@pytest.mark.parametrize(
    ("arguments", "usage", "panels"),
    [
        (("replay",), "./taxi replay [OPTIONS] {FILES}...", ["Arguments", "Options"]),
        (("fetch",), "./taxi fetch [OPTIONS]", ["Options"]),
        (("inspect",), "./taxi inspect [OPTIONS] {FILES}...", ["Arguments", "Options"]),
        (("generate",), "./taxi generate [OPTIONS]", ["Options"]),
        (("up",), "./taxi up [OPTIONS]", ["Options"]),
        (("sql",), "./taxi sql [OPTIONS] {STATEMENT}", ["Arguments", "Options"]),
        (
            ("job",),
            "./taxi job [OPTIONS] COMMAND [ARGS]...",
            ["Options", "Life cycle", "Releases", "Versions side by side"],
        ),
        (("job", "deploy"), "./taxi job deploy [OPTIONS] [NAME]", ["Arguments", "Options"]),
        (("spark-run",), "./taxi spark-run [OPTIONS] COMMAND [ARGS]...", ["Options", "Commands"]),
        (("dead-letters",), "./taxi dead-letters [OPTIONS] COMMAND [ARGS]...", ["Options", "Commands"]),
        (("bench",), "./taxi bench [OPTIONS] COMMAND [ARGS]...", ["Options", "Commands"]),
        (("bench", "stream"), "./taxi bench stream [OPTIONS] [FILE]", ["Arguments", "Options"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_each_verb_has_the_same_help_also_without_a_stack(
    arguments: tuple[str, ...], usage: str, panels: list[str], taxi_here: InProcess, tmp_path: Path
) -> None:
    is_handed_on = arguments in HANDED_ON
    result = taxi(*arguments, "--help", home=tmp_path) if is_handed_on else taxi_here(*arguments, "--help")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert (result.code, result.stderr) == (0, "")
    assert f"Usage: {usage}" in lines
    assert PANEL.findall(result.stdout) == panels


def test_the_help_of_bench_lists_each_benchmark_with_its_line(taxi_here: InProcess) -> None:
    shown = taxi_here("bench", "--help").stdout
    rows = dict(re.findall(r"^│ (\w+) +(.+?) +│$", shown, re.MULTILINE))
    assert rows == {benchmark.verb.name: benchmark.verb.help for benchmark in BENCHMARKS}
