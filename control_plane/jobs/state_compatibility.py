"""The operators of a planned release, and whether the state of one release fits another."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCE_KIND = "SourceTransformation"
_COLUMN_NAME = re.compile(r"`[^`]*` ")
_JAVA_CLASSES = re.compile(r"\(org\.[^)]*\)")
_WINDOW = re.compile(r"(TUMBLE|HOP|CUMULATE|SESSION)\((?:slice_end|win_end|time_col)=\[[^\]]*\], ?([^)]*)\)")
_AGGREGATE = re.compile(r"\b([A-Z][A-Z_0-9]*\((?:DISTINCT )?[^()]*\))")
_PLANNER_NUMBER = re.compile(r"\$\w*")


@dataclass(frozen=True)
class Step:
    """One operator: its uid, and what its state depends on."""

    uid: str
    kind: str
    key: str
    inputs: tuple[str, ...]
    output: str
    description: str

    @property
    def is_source(self) -> bool:
        """Whether its state is the offsets that it has read to."""
        return self.kind == SOURCE_KIND

    @property
    def is_stateful(self) -> bool:
        """Whether a savepoint holds state of it."""
        return self.is_source or bool(self.key)

    @property
    def window(self) -> str:
        """The window of its state, as `HOP size=[15 min], slide=[1 min]`."""
        return ", ".join(f"{kind} {sizes}" for kind, sizes in _WINDOW.findall(self.description))

    @property
    def aggregates(self) -> str:
        """Its aggregates, without the planner's numbers."""
        select = self.description.partition("select=[")[2]
        return ", ".join(_PLANNER_NUMBER.sub("", found) for found in _AGGREGATE.findall(select))


def read_plan(path: Path) -> tuple[Step, ...]:
    """Read the operators that the planner has written."""
    return tuple(
        Step(
            uid=entry["uid"],
            kind=entry["kind"],
            key=entry["key"],
            inputs=tuple(entry["inputs"]),
            output=entry["output"],
            description=entry["description"],
        )
        for entry in json.loads(path.read_text("utf-8"))
    )


def incompatibilities(running: Sequence[Step], new: Sequence[Step]) -> list[str]:
    """Explain why the state of `running` would be lost or misread by `new`, one phrase a reason."""
    successors = _stateful(new)
    return [
        reason
        for uid, step in _stateful(running).items()
        for reason in (_changes(step, successors[uid]) if uid in successors else [f"{uid} is gone"])
    ]


def newcomers(running: Sequence[Step], new: Sequence[Step]) -> list[str]:
    """List the uids of stateful operators that would start empty in the middle of the topic."""
    return sorted(_stateful(new).keys() - _stateful(running).keys())


def _stateful(steps: Sequence[Step]) -> Mapping[str, Step]:
    return {step.uid: step for step in steps if step.is_stateful}


def _changes(old: Step, new: Step) -> Iterator[str]:
    if old.is_source and new.is_source:
        return  # its state is offsets, regardless of the columns
    pairs = (
        ("is keyed by", _types(old.key), _types(new.key)),
        ("reads", _types(*old.inputs), _types(*new.inputs)),
        ("emits", _types(old.output), _types(new.output)),
        ("cuts time into", old.window, new.window),
        ("aggregates", old.aggregates, new.aggregates),
    )
    for what, before, after in pairs:
        if before != after:
            yield f"{old.uid} {what} {after or 'nothing'} instead of {before or 'nothing'}"


def _types(*rows: str) -> str:
    """Return row types without their column names: state identifies columns by position."""
    return "; ".join(_JAVA_CLASSES.sub("", _COLUMN_NAME.sub("", row)) for row in rows)
