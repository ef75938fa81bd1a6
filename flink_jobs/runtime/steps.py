"""Name the operators of a job the same in the dashboard, in metrics and in savepoints.

The SQL planner calls operators `Calc[12]`. Here each gets the name of its step, which is its uid too, so that
state is restored to its operator when the planner numbers the plan differently.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.errors import UserError
from schemas.jobs import WRITER_PREFIX

_SINK = r"Sink\(table=\[default_catalog\.default_database\.sink_(\w+)\]"
_KEY_PREFIX = "require_key_of_"


def name_steps(sinks: list[Any], steps: Mapping[str, str]) -> list[str]:
    """Name every operator above the Java transformations `sinks`; return the names, sources first.

    `steps` holds a regular expression for each name that the job declares. Raises UserError for a name that
    matches no operator.
    """
    names: dict[int, str] = {}
    for transformation, below in _walk(sinks):
        if transformation.getId() not in names and not _is_exchange(transformation):
            name = _name(transformation, below, steps)
            names[transformation.getId()] = _unique(name, set(names.values()))
            transformation.setName(names[transformation.getId()])
            transformation.setUid(names[transformation.getId()])
    absent = sorted(steps.keys() - set(names.values()))
    if absent:
        raise UserError(
            f"no operator of the plan matches {', '.join(absent)}", "fix the patterns in [steps] of job.toml"
        )
    return [names[number] for number in sorted(names)]


def transformations_above(sinks: list[Any]) -> list[Any]:
    """Return `sinks` and every transformation that feeds them, each once."""
    return list({above.getId(): above for above, _ in _walk(sinks)}.values())


def _walk(sinks: list[Any]) -> Iterator[tuple[Any, str]]:
    """Yield each transformation with the name of the step that it feeds, sinks first."""
    queue: list[tuple[Any, str]] = [(sink, "") for sink in sinks]
    for transformation, below in queue:
        yield transformation, below
        name = below if _is_exchange(transformation) else transformation.getName()
        queue.extend((feeder, name) for feeder in transformation.getInputs())


def _name(transformation: Any, below: str, steps: Mapping[str, str]) -> str:
    description = transformation.getDescription()
    for name, pattern in steps.items():
        if re.search(pattern, description):
            return name
    if sink := re.search(_SINK, description):
        return f"{WRITER_PREFIX}{sink[1]}"
    if "NotNullEnforcer" in description:
        return f"{_KEY_PREFIX}{below.removeprefix(WRITER_PREFIX)}"
    return f"select_for_{below.removeprefix(_KEY_PREFIX).removeprefix(WRITER_PREFIX)}"


def _unique(name: str, taken: set[str]) -> str:
    return name if name not in taken else _unique(f"{name}_of_it", taken)


def _is_exchange(transformation: Any) -> bool:
    return bool(transformation.getClass().getSimpleName() == "PartitionTransformation")
