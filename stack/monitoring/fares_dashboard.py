"""The Grafana dashboard of fares and zones: python -m stack.monitoring.fares_dashboard writes fares.json."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.tlc_month import TAXI_TYPES

FOLDER = Path(__file__).parent
PATH = FOLDER / "grafana" / "dashboards" / "fares.json"
SOURCE = {"type": "grafana-postgresql-datasource", "uid": "postgres"}
DOLLARS = "currencyUSD"


@dataclass(frozen=True)
class SqlPanel:
    """A panel, and the file of its query."""

    title: str
    query: str
    kind: str
    width: int
    height: int
    text: str = ""
    dollars: str = ""
    """The column that is an amount."""

    @property
    def sql(self) -> str:
        """The query, with Grafana's variable for the taxi type."""
        return (FOLDER / "fares" / f"{self.query}.sql").read_text("utf-8")


LAST_DAY = "The last 24 hours on the event clock, moved so that the newest window ends now."
PANELS = (
    SqlPanel("Event clock", "clock", "stat", 8, 4, "End of the newest closed window."),
    SqlPanel("Zones with a fare now", "zones_now", "stat", 16, 4, "Zones with a window in the last hour."),
    SqlPanel(
        "Most expensive zones now", "dearest", "table", 12, 11, "Of zones with 3 trips or more.", "average"
    ),
    SqlPanel("Zones with the most trips", "busiest", "table", 12, 11, LAST_DAY, "average"),
    SqlPanel("Trips per quarter of an hour", "trips_by_borough", "timeseries", 12, 9, LAST_DAY),
    SqlPanel("Average cost of a trip", "average_by_borough", "timeseries", 12, 9, LAST_DAY, "average"),
)


def text() -> str:
    """Return the content of the file."""
    return json.dumps(dashboard(), indent=1) + "\n"


def dashboard() -> dict[str, Any]:
    """Return the dashboard in Grafana's format."""
    choices = [{"text": name, "value": name, "selected": name == "green"} for name in TAXI_TYPES]
    variable = {"name": "taxi_type", "label": "Taxi type", "type": "custom", "query": ",".join(TAXI_TYPES)}
    return {
        "uid": "taxi-fares",
        "title": "NYC taxi: fares and zones",
        "tags": ["taxi"],
        "timezone": "utc",
        "refresh": "10s",
        "time": {"from": "now-24h", "to": "now"},
        "schemaVersion": 39,
        "templating": {
            "list": [{**variable, "options": choices, "current": {"text": "green", "value": "green"}}]
        },
        "panels": _laid_out(),
    }


def _laid_out() -> list[dict[str, Any]]:
    """Place the panels from left to right, in lines of 24 columns."""
    panels, left, top = [], 0, 0
    for number, panel in enumerate(PANELS, start=1):
        place = {"h": panel.height, "w": panel.width, "x": left, "y": top}
        panels.append({"id": number, "gridPos": place, **_panel(panel)})
        left += panel.width
        if left >= 24:
            left, top = 0, top + panel.height
    return panels


def _panel(panel: SqlPanel) -> dict[str, Any]:
    is_series = panel.kind == "timeseries"
    unit = {"unit": DOLLARS} if panel.dollars and is_series else {}
    amounts = [
        {
            "matcher": {"id": "byName", "options": panel.dollars},
            "properties": [{"id": "unit", "value": DOLLARS}],
        }
    ]
    target = {
        "refId": "A",
        "datasource": SOURCE,
        "editorMode": "code",
        "rawQuery": True,
        "format": "time_series" if is_series else "table",
        "rawSql": panel.sql,
    }
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": unit, "overrides": amounts if panel.dollars and not is_series else []},
        # Grafana's stat shows numbers only, unless every field is asked for.
        "options": {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "/.*/"}}
        if panel.kind == "stat"
        else {},
        "targets": [target],
    }


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
