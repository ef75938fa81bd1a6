"""Alerts and dashboard: they are sound, and mean what the job's verdict means."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from control_plane.jobs import health as job_verdict
from control_plane.metrics.reader import Reader
from stack.monitoring import dashboard
from stack.port_choice import choose_ports
from stack.services.metrics import MONITORING, prometheus_configuration
from stack.services.service import Site
from stack.settings import AUTO, DEFAULT_PORTS, ROOT, StackSettings
from tests.stack.promql import alerts, metrics_in

pytestmark = pytest.mark.unit


@pytest.fixture
def site(tmp_path: Path) -> Site:
    settings = StackSettings.from_environment({"TAXI_HOME": str(tmp_path), "TAXI_CACHE_DIR": str(tmp_path)})
    return Site(settings, choose_ports(dict.fromkeys(DEFAULT_PORTS, AUTO), previous=None))


@pytest.mark.parametrize(
    ("alert", "bound"),
    [
        ("TaxiJobRestarted", f"< {job_verdict.RECENT_RESTART_SECONDS}"),
        ("TaxiCheckpointOld", f"<= {job_verdict.OLDEST_CHECKPOINT_SECONDS}"),
        ("TaxiCheckpointOld", f"uptime_seconds > {job_verdict.OLDEST_CHECKPOINT_SECONDS}"),
        ("TaxiJobBehind", f"> {job_verdict.LONGEST_CATCH_UP_SECONDS} and"),
        ("TaxiJobBehind", f"uptime_seconds > {job_verdict.OLDEST_CHECKPOINT_SECONDS}"),
        ("TaxiWatermarkStands", f"> {job_verdict.GREATEST_WATERMARK_LAG_SECONDS} and"),
        ("TaxiBackPressure", f"> {job_verdict.HIGH_BACK_PRESSURE}"),
    ],
)
def test_an_alert_has_the_bound_of_the_verdict(alert: str, bound: str) -> None:
    assert bound in f"{alerts()[alert]['expr']} "


@pytest.mark.parametrize("name", sorted(alerts()))
def test_each_alert_says_what_it_means_and_where_to_read_on(name: str) -> None:
    annotations = alerts()[name]["annotations"]
    assert len(annotations["description"]) > len(annotations["summary"]) > 10
    page, _, section = annotations["runbook_url"].partition("#")
    headings = re.findall(r"^### (.*)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert (section, name) in {(heading.lower(), heading) for heading in headings}


def test_the_runbook_tells_of_every_metric_that_an_alert_reads() -> None:
    text = (ROOT / "docs" / "runbooks" / "metrics.md").read_text("utf-8")
    read = set().union(*(metrics_in(rule["expr"]) for rule in alerts().values()))
    assert {name for name in read if name not in text} == set()


def test_the_dashboard_that_is_kept_is_the_one_that_the_code_makes() -> None:
    assert dashboard.PATH.read_text("utf-8") == dashboard.text()
    titles = [panel["title"] for panel in json.loads(dashboard.text())["panels"] if panel["type"] == "row"]
    assert titles == ["Flow", "Freshness", "Accounting", "Health"]


def test_the_configuration_names_the_addresses_of_the_stack_and_fills_every_gap(site: Site) -> None:
    text = prometheus_configuration(site)
    metrics = site.endpoints.metrics
    assert re.findall(r'targets: \["(.*)"\]', text) == [
        metrics.jobmanager,
        metrics.taskmanager,
        metrics.platform,
    ]
    assert "${" not in text


def test_promtool_finds_no_fault(site: Site, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not on the PATH")
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text(prometheus_configuration(site), "utf-8")
    checks = (["config", str(configuration)], ["rules", str(MONITORING / "alerts.yml")])
    for check in checks:
        done = subprocess.run([promtool, "check", *check], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_a_reading_that_fails_leaves_no_older_one_behind() -> None:
    answers = iter([7])
    reader = Reader("number", lambda: next(answers), pause_seconds=0)
    reader.attempt()
    assert (reader.latest, reader.is_up) == (7, True)
    reader.attempt()
    assert (reader.latest, reader.is_up) == (None, False)
