"""Names of operators, on a plan of a few made-up transformations."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from flink_jobs.runtime.steps import name_steps
from schemas.errors import UserError

pytestmark = pytest.mark.unit


@dataclass
class Transformation:
    """As much of Flink's as naming asks for."""

    number: int
    description: str
    inputs: list["Transformation"] = field(default_factory=list)
    kind: str = "OneInputTransformation"
    name: str = ""
    uid: str = ""

    # The names are those of the Java class.
    def getId(self) -> int:  # noqa: N802
        return self.number

    def getName(self) -> str:  # noqa: N802
        return self.name

    def getDescription(self) -> str:  # noqa: N802
        return self.description

    def getInputs(self) -> list["Transformation"]:  # noqa: N802
        return self.inputs

    def getClass(self) -> "Transformation":  # noqa: N802
        return self

    def getSimpleName(self) -> str:  # noqa: N802
        return self.kind

    def setName(self, name: str) -> None:  # noqa: N802
        self.name = name

    def setUid(self, uid: str) -> None:  # noqa: N802
        self.uid = uid


def plan() -> list[Any]:
    """scan -> calc -> exchange -> count -> not null -> sink."""
    scan = Transformation(1, "TableSourceScan(table=[[trip_records]])")
    calc = Transformation(2, "Calc(select=[zone])", [scan])
    exchange = Transformation(3, "Exchange", [calc], kind="PartitionTransformation")
    count = Transformation(4, "GroupAggregate(groupBy=[zone])", [exchange])
    enforcer = Transformation(5, "ConstraintEnforcer[NotNullEnforcer(fields=[zone])]", [count])
    sink = "Sink(table=[default_catalog.default_database.sink_zones], fields=[zone])"
    return [Transformation(6, sink, [enforcer])]


def test_declared_names_win_and_the_others_follow_from_what_they_feed() -> None:
    named = name_steps(plan(), {"read_trips": r"TableSourceScan\(", "count_zones": r"GroupAggregate\("})
    assert named == [
        "read_trips", "select_for_count_zones", "count_zones", "require_key_of_zones", "write_zones"
    ]  # fmt: skip


def test_two_operators_of_one_name_are_told_apart() -> None:
    named = name_steps(plan(), {"step": r"TableSourceScan\(|GroupAggregate\("})
    assert named == ["step_of_it", "select_for_step", "step", "require_key_of_zones", "write_zones"]


def test_a_name_that_no_operator_gets_is_refused() -> None:
    steps = {"read_trips": r"TableSourceScan\(", "sum_windows": r"HOP", "sum_panes": "HOP"}
    with pytest.raises(UserError, match="no operator of the plan matches sum_panes, sum_windows"):
        name_steps(plan(), steps)
