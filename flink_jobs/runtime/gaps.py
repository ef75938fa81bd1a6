"""Fail when Kafka has deleted records that the job has not read."""

from typing import Any

from flink_jobs.runtime.steps import transformations_above


def fail_on_deleted_records(sinks: list[Any]) -> None:
    """Make every Kafka source above `sinks` fail on missing records, instead of reading on after the gap.

    The SQL connector derives `auto.offset.reset` from `scan.startup.mode` and overrides what the DDL says
    (FLINK-39888): its `earliest` would silently skip deleted records.
    """
    for transformation in transformations_above(sinks):
        if transformation.getClass().getSimpleName() == "SourceTransformation":
            source = transformation.getSource()
            if source.getClass().getSimpleName() == "IdleWhenEmptySource":
                source = source.getSource()
            field = source.getClass().getDeclaredField("props")
            field.setAccessible(True)
            field.get(source).setProperty("auto.offset.reset", "none")
