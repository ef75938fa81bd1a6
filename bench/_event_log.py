"""Read the tasks of each job group from Spark's event log."""

import heapq
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

GROUP = "spark.jobGroup.id"


@dataclass(frozen=True)
class Task:
    """One task; `cpu_seconds` is what its thread used."""

    stage: int
    seconds: float
    cpu_seconds: float
    records_read: int
    shuffled_bytes: int
    spilled_bytes: int


@dataclass(frozen=True)
class StageMetrics:
    """The tasks of one job group, in the order in which they ended."""

    tasks: Sequence[Task]

    @property
    def cpu_seconds(self) -> float:
        """Return the CPU seconds of all tasks."""
        return sum(task.cpu_seconds for task in self.tasks)

    @property
    def shuffled_bytes(self) -> int:
        """Return the bytes of shuffle output."""
        return sum(task.shuffled_bytes for task in self.tasks)

    @property
    def spilled_bytes(self) -> int:
        """Return the bytes spilled to disk for lack of memory."""
        return sum(task.spilled_bytes for task in self.tasks)

    @property
    def longest_stage(self) -> Sequence[Task]:
        """Return the stage with the slowest task among the stages that read a shuffle, where skew appears."""
        stages = self._stages().values()
        reducing = [tasks for tasks in stages if any(task.records_read for task in tasks)]
        # The last one sums up the result of the benchmark, in one task.
        several = [tasks for tasks in reducing if len(tasks) > 1]
        return max(several or stages, key=lambda tasks: max(task.seconds for task in tasks))

    @property
    def straggler_ratio(self) -> float:
        """Return the longest task of that stage divided by the median."""
        return _ratio([task.seconds for task in self.longest_stage])

    @property
    def record_ratio(self) -> float:
        """Return the most shuffle records that a task read divided by the median, on any machine."""
        read = [[task.records_read for task in tasks] for tasks in self._stages().values()]
        most = max(read, key=max)
        return _ratio([records for records in most if records])

    def makespan_seconds(self, cores: int) -> float:
        """Return how long these tasks take on `cores` cores, by stage: each task gets the first free core."""
        return sum(_scheduled([task.seconds for task in tasks], cores) for tasks in self._stages().values())

    def _stages(self) -> Mapping[int, list[Task]]:
        stages: dict[int, list[Task]] = defaultdict(list)
        for task in self.tasks:
            stages[task.stage].append(task)
        return stages


def read_work(log: Path) -> Mapping[str, StageMetrics]:
    """Return the work of each job group of an application."""
    groups: dict[int, str] = {}
    tasks: dict[str, list[Task]] = defaultdict(list)
    for event in _events(log):
        if event["Event"] == "SparkListenerJobStart":
            groups |= dict.fromkeys(event["Stage IDs"], (event.get("Properties") or {}).get(GROUP, ""))
        elif event["Event"] == "SparkListenerTaskEnd" and "Task Metrics" in event:
            tasks[groups.get(event["Stage ID"], "")].append(_task(event))
    return {name: StageMetrics(found) for name, found in tasks.items()}


def _events(log: Path) -> Iterator[dict[str, Any]]:
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _task(event: Mapping[str, Any]) -> Task:
    metrics = event["Task Metrics"]
    return Task(
        stage=event["Stage ID"],
        seconds=metrics["Executor Run Time"] / 1e3,
        cpu_seconds=metrics["Executor CPU Time"] / 1e9,
        records_read=metrics["Shuffle Read Metrics"]["Total Records Read"],
        shuffled_bytes=metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"],
        spilled_bytes=metrics["Disk Bytes Spilled"],
    )


def _ratio(values: Sequence[float]) -> float:
    middle = median(values) if values else 0
    return max(values) / middle if middle else 1.0


def _scheduled(seconds: Sequence[float], cores: int) -> float:
    free_at = [0.0] * cores
    for task in seconds:
        heapq.heapreplace(free_at, free_at[0] + task)
    return max(free_at)
