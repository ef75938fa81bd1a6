"""The Grafana dashboard as code: python -m stack.monitoring.dashboard writes grafana/dashboards/taxi.json."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.jobs import WRITER_PREFIX

PATH = Path(__file__).parent / "grafana" / "dashboards" / "taxi.json"
COLUMNS, PANEL_WIDTH, PANEL_HEIGHT = 24, 8, 8

OPERATOR = "flink_taskmanager_job_task_operator"
JOB = "flink_jobmanager_job"
# The name of a task lists all its steps; the first one identifies it.
FIRST_STEP = '"step", "$1", "task_name", "(?:Source: )?([a-z0-9_]+).*"'


@dataclass(frozen=True)
class Panel:
    """One panel: its expressions by legend, and a note for the reader."""

    title: str
    text: str
    expressions: dict[str, str]
    unit: str = "short"
    kind: str = "timeseries"


def _rate(counter: str, by: str = "") -> str:
    return f"sum {f'by ({by}) ' if by else ''}(rate({OPERATOR}_taxi_{counter}_total[1m]))"


ROWS: dict[str, tuple[Panel, ...]] = {
    "Flow": (
        Panel(
            "Records read",
            "Records of the trips topic that the job reads per second.",
            {"{{job_name}}": "taxi_job_read_records_per_second"},
            "reqps",
        ),
        Panel(
            "Where records go",
            "Counted in the operators since the start of the task; the exact accounts are below.",
            {
                "on time": _rate("on_time"),
                "windowed": _rate("windowed"),
                "late arrivals": _rate("late_arrivals"),
                "quarantined": _rate("quarantined"),
                "duplicates": _rate("duplicates"),
                "dead letters": _rate("dead_letters_by_error_class"),
                "progress markers": _rate("progress_markers"),
            },
            "reqps",
        ),
        Panel(
            "Quarantined, by rule",
            "A trip is counted under every rule that it breaks.",
            {"{{rule}}": _rate("quarantined_by_rule", "rule")},
            "reqps",
        ),
        Panel(
            "Rows written, by writer",
            "Records that each writer receives per second.",
            {
                "{{operator_name}}": "sum by (operator_name)"
                f' (rate({OPERATOR}_numRecordsIn{{operator_name=~".*{WRITER_PREFIX}.*"}}[1m]))'
            },
            "reqps",
        ),
    ),
    "Freshness": (
        Panel(
            "Served lag",
            "Event time that the newest served window is behind the publishers' clock.",
            {"{{taxi_type}}": "taxi_served_lag_seconds"},
            "s",
        ),
        Panel(
            "Watermark lag",
            "Event time that the watermark, which closes the windows, is behind the publishers' clock.",
            {"{{job_name}}": "taxi_job_watermark_lag_seconds"},
            "s",
        ),
        Panel(
            "Consumer lag",
            "Records in Kafka that the job has not read.",
            {"{{job_name}}": "taxi_job_lag_records"},
        ),
        Panel(
            "Time to catch up",
            "Consumer lag divided by the current read rate.",
            {"{{job_name}}": "taxi_job_lag_records / clamp_min(taxi_job_read_records_per_second, 1)"},
            "s",
        ),
        Panel(
            "Back-pressure, by task",
            "Share of time for which a task could not emit its output.",
            {
                "{{step}}": f"max by (step) (label_replace("
                f"flink_taskmanager_job_task_backPressuredTimeMsPerSecond, {FIRST_STEP})) / 1000"
            },
            "percentunit",
        ),
        Panel(
            "Busy, by task",
            "Share of time for which a task processed records.",
            {
                "{{step}}": f"max by (step) (label_replace("
                f"flink_taskmanager_job_task_busyTimeMsPerSecond, {FIRST_STEP})) / 1000"
            },
            "percentunit",
        ),
    ),
    "Accounting": (
        Panel(
            "Where every record went",
            "Exact, from taxi.trip_ledger.",
            {"{{account}}": 'sum by (account) (taxi_ledger_records{account!="received"})'},
            kind="bargauge",
        ),
        Panel(
            "Not accounted for",
            "All hours include records in flight. In settled hours (windows closed) any record is an error.",
            {
                "all hours": "sum(taxi_ledger_imbalance_records)",
                "settled hours": "sum(taxi_ledger_settled_imbalance_records)",
            },
        ),
        Panel(
            "In Kafka, not yet in the ledger",
            "Records in the topic minus the records that the ledger has counted.",
            {
                "records": "sum(taxi_topic_records)"
                ' - sum(taxi_ledger_records{account=~"received|progress_markers"})'
            },
        ),
        Panel(
            "Dead letters, by error class",
            "Counted in the operators.",
            {"{{error_class}}": f"sum by (error_class) ({OPERATOR}_taxi_dead_letters_by_error_class_total)"},
        ),
        Panel(
            "Dead letters waiting",
            "Dead letters that were not re-driven.",
            {"letters": "taxi_dead_letters_waiting"},
            kind="stat",
        ),
    ),
    "Health": (
        Panel(
            "Verdict",
            "The same verdict as in ./taxi job status.",
            {"{{job_name}}: {{verdict}}": "taxi_job_verdict == 1"},
            kind="stat",
        ),
        Panel(
            "Restarts",
            "Time since the job was started.",
            {"{{job_name}}": "taxi_job_restarts"},
            kind="stat",
        ),
        Panel(
            "Age of the newest checkpoint",
            "A checkpoint starts every five seconds.",
            {"{{job_name}}": "time() - taxi_job_last_checkpoint_timestamp_seconds"},
            "s",
        ),
        Panel(
            "Checkpoint duration and failures",
            "Duration in seconds, and failures within five minutes.",
            {
                "seconds": f"{JOB}_lastCheckpointDuration / 1000",
                "failed": f"increase({JOB}_numberOfFailedCheckpoints[5m])",
            },
        ),
        Panel(
            "Heap",
            "Memory used by each JVM of Flink.",
            {
                "JobManager": "flink_jobmanager_Status_JVM_Memory_Heap_Used",
                "TaskManager": "flink_taskmanager_Status_JVM_Memory_Heap_Used",
            },
            "bytes",
        ),
        Panel(
            "Processor",
            "Share of the machine's CPU that each JVM of Flink uses.",
            {
                "JobManager": "flink_jobmanager_Status_JVM_CPU_Load",
                "TaskManager": "flink_taskmanager_Status_JVM_CPU_Load",
            },
            "percentunit",
        ),
        Panel(
            "Disk free",
            "Free share of the disk with the stack's state.",
            {"free": "taxi_disk_free_bytes / taxi_disk_size_bytes"},
            "percentunit",
        ),
    ),
}


def dashboard() -> dict[str, Any]:
    """Return the dashboard in Grafana's format."""
    return {
        "uid": "taxi",
        "title": "NYC taxi: the stream",
        "tags": ["taxi"],
        "timezone": "utc",
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "schemaVersion": 39,
        "panels": list(_laid_out()),
    }


def text() -> str:
    """Return the content of the file."""
    return json.dumps(dashboard(), indent=1) + "\n"


def _laid_out() -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for title, panels in ROWS.items():
        place = {"h": 1, "w": COLUMNS, "x": 0, "y": top}
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "gridPos": place,
            "panels": [],
        }
        number, top = number + 1, top + 1
        for index, panel in enumerate(panels):
            line, column = divmod(index * PANEL_WIDTH, COLUMNS)
            place = {"h": PANEL_HEIGHT, "w": PANEL_WIDTH, "x": column, "y": top + line * PANEL_HEIGHT}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            number += 1
        top += PANEL_HEIGHT * -(-len(panels) * PANEL_WIDTH // COLUMNS)


def _panel(panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "prometheus"}
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": source,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": source, "expr": expression, "legendFormat": legend}
            for index, (legend, expression) in enumerate(panel.expressions.items())
        ],
    }


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
