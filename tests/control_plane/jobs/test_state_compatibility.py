"""Whether the state of one release fits another."""

from dataclasses import replace

import pytest

from control_plane.jobs.state_compatibility import Step, incompatibilities, newcomers

pytestmark = pytest.mark.unit

WINDOW = "window=[HOP(slice_end=[$slice_end], size=[15 min], slide=[1 min])]"
SUM = Step(
    uid="sum_windows",
    kind="OneInputTransformation",
    key="ROW<`f0` STRING, `f1` INT>",
    inputs=("ROW<`taxi_type` STRING, `sum$1` BIGINT>",),
    output="ROW<`taxi_type` STRING, `total` BIGINT>",
    description=f"[9]:GlobalWindowAggregate({WINDOW}, select=[taxi_type, SUM(sum$1) AS total])",
)
SOURCE = Step("read_trips", "SourceTransformation", "", (), "ROW<`trip_id` STRING>", "scan")
SELECT = Step("select_for_trips", "OneInputTransformation", "", ("a",), "b", "Calc(...)")
RUNNING = (SOURCE, SELECT, SUM)


def test_a_release_with_other_stateless_steps_numbers_and_names_is_compatible() -> None:
    renamed = replace(
        SUM,
        inputs=("ROW<`kind` STRING, `sum$7` BIGINT>",),
        output="ROW<`kind` STRING, `cents` BIGINT>",
        description=f"[3]:GlobalWindowAggregate({WINDOW}, select=[kind, SUM(sum$7) AS cents])",
    )
    assert incompatibilities(RUNNING, (SOURCE, renamed)) == []


def test_a_source_that_reads_one_more_column_is_compatible() -> None:
    assert incompatibilities(RUNNING, (replace(SOURCE, output="ROW<...>"), SUM)) == []


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ((SOURCE,), "sum_windows is gone"),
        ((SUM,), "read_trips is gone"),
        (
            (SOURCE, replace(SUM, key="ROW<`f0` STRING>")),
            "sum_windows is keyed by ROW<STRING> instead of ROW<STRING, INT>",
        ),
        ((SOURCE, replace(SUM, key="")), "sum_windows is gone"),
        (
            (SOURCE, replace(SUM, output="ROW<`taxi_type` STRING, `total` INT>")),
            "sum_windows emits ROW<STRING, INT> instead of ROW<STRING, BIGINT>",
        ),
        (
            (SOURCE, replace(SUM, inputs=("ROW<`taxi_type` STRING>",))),
            "sum_windows reads ROW<STRING> instead of ROW<STRING, BIGINT>",
        ),
        (
            (SOURCE, replace(SUM, description=SUM.description.replace("15 min", "30 min"))),
            "sum_windows cuts time into HOP size=[30 min], slide=[1 min]"
            " instead of HOP size=[15 min], slide=[1 min]",
        ),
        (
            (SOURCE, replace(SUM, description=SUM.description.replace("SUM(", "MAX("))),
            "sum_windows aggregates MAX(sum) instead of SUM(sum)",
        ),
    ],
)
def test_a_release_that_would_lose_or_misread_state_is_told_why(new: tuple[Step, ...], reason: str) -> None:
    assert incompatibilities(RUNNING, new) == [reason]


def test_a_stateful_step_that_is_new_is_named() -> None:
    assert newcomers(RUNNING, (*RUNNING, replace(SUM, uid="count_tips"))) == ["count_tips"]
