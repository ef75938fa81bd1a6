"""Names for the operators of the job: the same in the dashboard, in metrics and in savepoints.

The SQL planner calls operators `Calc[12]`. Here each gets the name of the step that it does, and the name is
its uid too, so that state finds its operator again when the planner numbers the plan otherwise.
"""

import re
from collections.abc import Iterator
from typing import Any

_STEPS = {
    r"TableSourceScan\(.*trip_records": "read_trips",
    r"LocalWindowAggregate\(groupBy=\[.*trip_id": "fold_copies",
    r"GlobalWindowAggregate\(groupBy=\[.*trip_id": "count_each_trip_once",
    r"LocalWindowAggregate\(.*HOP": "sum_panes",
    r"GlobalWindowAggregate\(.*HOP": "sum_windows",
    r"LocalWindowAggregate\(groupBy=\[taxi_type\]": "fold_received_on_time",
    r"GlobalWindowAggregate\(groupBy=\[taxi_type\]": "count_received_on_time",
    r"GroupAggregate\(groupBy=\[taxi_type, quarter_start": "count_received_aside",
    r"Sink\(table=\[default_catalog\.default_database\.sink_(\w+)\]": r"write_\1",
}


def name_steps(sinks: list[Any]) -> list[str]:
    """Name every operator above the Java transformations `sinks`; return the names, sources first."""
    names: dict[int, str] = {}
    for transformation, below in _walk(sinks):
        if transformation.getId() not in names and not _is_exchange(transformation):
            names[transformation.getId()] = _unique(_name(transformation, below), set(names.values()))
            transformation.setName(names[transformation.getId()])
            transformation.setUid(names[transformation.getId()])
    return [names[number] for number in sorted(names)]


def transformations_above(sinks: list[Any]) -> list[Any]:
    """Every transformation that feeds `sinks`, and these, each once."""
    return list({above.getId(): above for above, _ in _walk(sinks)}.values())


def _walk(sinks: list[Any]) -> Iterator[tuple[Any, str]]:
    """Each transformation with the name of the step that it feeds, sinks first."""
    queue: list[tuple[Any, str]] = [(sink, "") for sink in sinks]
    for transformation, below in queue:
        yield transformation, below
        name = below if _is_exchange(transformation) else transformation.getName()
        queue.extend((feeder, name) for feeder in transformation.getInputs())


def _name(transformation: Any, below: str) -> str:
    for pattern, name in _STEPS.items():
        if found := re.search(pattern, transformation.getDescription()):
            return found.expand(name)
    if "NotNullEnforcer" in transformation.getDescription():
        return f"require_key_of_{below.removeprefix('write_')}"
    return f"select_for_{below.removeprefix('require_key_of_').removeprefix('write_')}"


def _unique(name: str, taken: set[str]) -> str:
    return name if name not in taken else _unique(f"{name}_of_it", taken)


def _is_exchange(transformation: Any) -> bool:
    return bool(transformation.getClass().getSimpleName() == "PartitionTransformation")
