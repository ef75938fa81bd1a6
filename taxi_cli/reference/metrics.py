"""The page of the metrics and alerts, from the exporter, the job's SQL and the alert rules."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from control_plane.metrics import exposition
from control_plane.metrics.readings import DiskReading, LedgerReading, ServedReading
from stack.settings import ROOT
from taxi_cli.reference.markdown import code, prose, table

INTRODUCTION = """# Metrics and alerts

How to scrape them, and what to do when an alert fires: [monitoring](../runbooks/metrics.md).

## Metrics of the exporter
"""
COUNTERS = """## Counters of the job

Flink reports them as gauges, one for each subtask, with the prefix `flink_taskmanager_job_task_operator_`.
A counter restarts at 0 with its task: use `rate()`.
[What each counts](../runbooks/metrics.md#what-is-counted-where)
"""
_COUNTER = re.compile(r"\b(?:counted|added_up)\('(\w+)'")
_LABELLED_COUNTER = re.compile(r"\bcounted_by\('(\w+)', '(\w+)'")


def page() -> str:
    metrics = [
        (code(one.name), ", ".join(code(label) for label in one._labelnames), prose(one.documentation))
        for one in families()
    ]
    counters = [(code(name), code(label)) for name, label in job_counters()]
    alerts = [
        (f"[{rule['alert']}](../runbooks/metrics.md#{rule['alert'].lower()})", code(rule["expr"]))
        for rule in alert_rules()
    ]
    sections = [
        (INTRODUCTION, table(("metric", "labels", "meaning"), metrics)),
        (COUNTERS, table(("counter", "label"), counters)),
        ("## Alerts\n", table(("alert", "fires when"), alerts)),
    ]
    return "\n".join(f"{title}\n{rows}\n" for title, rows in sections)


def families() -> Iterator[Any]:
    """Name every metric family of the exporter, without samples."""
    yield from exposition.reading_families(())
    yield from exposition.job_families(())
    yield from exposition.served_families(ServedReading({}))
    yield from exposition.ledger_families(LedgerReading((), 0, 0))
    yield from exposition.disk_families(DiskReading(0, 0))


def job_counters() -> Sequence[tuple[str, str]]:
    """Name the counters of the served job with their label, as its SQL declares them."""
    sql = "".join(
        path.read_text("utf-8") for path in sorted((ROOT / "flink_jobs" / "zone_fares").glob("*.sql"))
    )
    plain = [(f"taxi_{name}_total", "") for name in dict.fromkeys(_COUNTER.findall(sql))]
    labelled = [
        (f"taxi_{name}_by_{label}_total", label)
        for name, label in dict.fromkeys(_LABELLED_COUNTER.findall(sql))
    ]
    return sorted(plain + labelled)


def alert_rules() -> Sequence[dict[str, Any]]:
    """Read the alerting rules of Prometheus."""
    groups = yaml.safe_load((ROOT / "stack" / "monitoring" / "alerts.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]
