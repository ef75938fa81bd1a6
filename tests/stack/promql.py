"""Reads expressions of Prometheus."""

import re
from typing import Any

import yaml

from stack.monitoring.dashboard import ROWS
from stack.services.metrics import MONITORING


def alerts() -> dict[str, dict[str, Any]]:
    """Every alert, by its name."""
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text("utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def panel_expressions() -> list[str]:
    """Every expression of the dashboard."""
    panels = [panel for panels in ROWS.values() for panel in panels]
    return [expression for panel in panels for expression in panel.expressions.values()]


def metrics_in(expression: str) -> set[str]:
    """The metrics that an expression reads; labels may look like metrics, and stand only in these places."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\b(?:by|on) \([^)]*\)', "", expression)
    return set(re.findall(r"\b(?:taxi_|flink_)\w+", bare))
