"""The stream benchmark: which stack a command reaches, and what the last lines compare."""

from pathlib import Path

import pytest
import typer

from bench._measuring import CpuCost
from bench._trees import AGAINST, THIS, Tree, commit_of, exported, this_tree
from bench.stream import COLUMNS, StreamRun, fetched_file, ratios, stream
from stack.settings import ROOT

pytestmark = pytest.mark.unit


def run_of(tree: str, load: str, cpu_seconds: float, steady: float | None) -> StreamRun:
    """A run of two million trips."""
    cost = CpuCost(cpu_seconds, 2e6, steady)
    return StreamRun(load, tree, 1, 2_000_000, 9_000_000, 50.0, cost, CpuCost(30.0, 2e6, 14.0))


def test_without_yes_nothing_is_emptied() -> None:
    with pytest.raises(typer.BadParameter, match="add --yes"):
        stream()


def test_a_line_has_a_cell_for_each_column_and_the_start_apart() -> None:
    cells = dict(zip(COLUMNS, run_of(THIS, "dense", 100.0, 40.0).cells(), strict=True))
    assert (cells["trips/s"], cells["TaskManager CPU s/M"], cells["start s"]) == ("40,000", "50.0", "20.0")


def test_trees_are_compared_by_their_cheapest_steady_run_of_each_load() -> None:
    runs = [
        run_of(THIS, "dense", 200.0, 60.0),
        run_of(THIS, "dense", 90.0, 30.0),
        run_of(AGAINST, "dense", 180.0, 60.0),
        run_of(THIS, "sparse", 300.0, None),
        run_of(AGAINST, "sparse", 150.0, None),
    ]
    assert list(ratios(runs)) == [
        "dense: 0.50 times the other tree's CPU time in the TaskManager",
        "sparse: 2.00 times the other tree's CPU time in the TaskManager",
    ]


def test_without_another_tree_nothing_is_compared() -> None:
    assert list(ratios([run_of(THIS, "dense", 90.0, 30.0)])) == []


def test_another_tree_reaches_a_stack_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "FLINK_REST_URL", "POSTGRES_DSN", "TAXI_HOME"):
        monkeypatch.setenv(name, "of this tree")
    monkeypatch.setenv("TAXI_KAFKA_PORT", "9092")
    variables = Tree(AGAINST, tmp_path, tmp_path / "home", is_other=True).environment()
    assert "of this tree" not in variables.values()
    assert variables["TAXI_HOME"] == str(tmp_path / "home")
    assert variables["TAXI_KAFKA_PORT"] == variables["TAXI_POSTGRES_PORT"] == "auto"
    assert this_tree().environment()["FLINK_REST_URL"] == "of this tree"


def test_addresses_are_read_as_a_shell_would() -> None:
    text = (
        "export FLINK_REST_URL=http://127.0.0.1:8081\nexport POSTGRES_DSN='postgresql://a@b/c'\n# a comment\n"
    )
    assert exported(text) == {"FLINK_REST_URL": "http://127.0.0.1:8081", "POSTGRES_DSN": "postgresql://a@b/c"}


def test_the_sparse_month_is_where_fetch_says() -> None:
    text = "green 2020-03 (already present): /data/green: a/green_tripdata_2020-03.csv.gz\n0 fetched\n"
    assert fetched_file(text) == Path("/data/green: a/green_tripdata_2020-03.csv.gz")


def test_a_tree_is_named_by_its_commit(tmp_path: Path) -> None:
    assert commit_of(ROOT)
    assert commit_of(tmp_path) == ""
