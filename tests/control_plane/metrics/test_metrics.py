"""What Prometheus gets from the running platform: right counts, and everything that is asked for."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from stack.endpoints import Endpoints
from stack.port_choice import choose_ports
from stack.ports import LOOPBACK
from stack.services.flink import JOBMANAGER, TASKMANAGER
from stack.services.metrics import NAME as EXPORTER
from stack.settings import AUTO, DEFAULT_PORTS
from tests.platform import Platform
from tests.records import at, millis, move_event_clock, publish, schema_id, trip_record
from tests.stack.promql import alerts, metrics_in, panel_expressions
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

COUNTER = "flink_taskmanager_job_task_operator_taxi_{}_total"


@pytest.fixture(scope="module")
def platform(stack: Endpoints) -> Platform:
    """Every kind of record has passed.

    11:01  of 11:00 one trip, one twice, one for nothing, one from zone 999; one of 09:00; two that are none
    13:00  the event clock, on both partitions: every window is closed
    """
    platform = Platform.fresh(stack)
    number = schema_id(platform)
    eleven = at("11:00:00")
    publish(
        platform,
        [
            trip_record(number, uuid(1), eleven, zone=74, cents=1000),
            trip_record(number, uuid(2), eleven, zone=75, cents=1000),
            trip_record(number, uuid(2), eleven, zone=75, cents=1000),
            trip_record(number, uuid(3), at("09:00:00"), zone=74, cents=1000),
            trip_record(number, uuid(4), eleven, zone=74, cents=0),
            trip_record(number, uuid(5), eleven, zone=999, cents=0),
            b"\x07 is no trip",
            b"\x00",
        ],
        timestamp_ms=millis(at("11:01:00")),
    )
    move_event_clock(platform, at("13:00:00"))
    platform.balanced_ledger()
    return platform


def uuid(number: int) -> str:
    return str(UUID(int=number))


def scrape(url: str) -> list[Sample]:
    """Every sample that a server gives."""
    text = httpx.get(url, trust_env=False, timeout=30).raise_for_status().text
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def counted(samples: list[Sample], counter: str, label: str | None = None) -> dict[str | None, float]:
    """The counter, over all subtasks, by a label."""
    values: dict[str | None, float] = {}
    for sample in samples:
        if sample.name == COUNTER.format(counter):
            key = sample.labels[label] if label else None
            values[key] = values.get(key, 0) + sample.value
    return values


def ledger_metrics(platform: Platform) -> dict[tuple[str, str], float]:
    samples = scrape(platform.endpoints.metrics.as_environment()["PROMETHEUS_PLATFORM_URL"])
    return {
        (sample.labels["taxi_type"], sample.labels["account"]): sample.value
        for sample in samples
        if sample.name == "taxi_ledger_records"
    }


def test_each_record_is_counted_once_under_the_contracts_words(platform: Platform) -> None:
    samples = scrape(platform.endpoints.metrics.as_environment()["PROMETHEUS_TASKMANAGER_URL"])
    words = ("on_time", "windowed", "duplicates", "late_arrivals", "quarantined", "progress_markers")
    assert {word: counted(samples, word)[None] for word in words} == {
        "on_time": 3,
        "windowed": 2,
        "duplicates": 1,
        "late_arrivals": 1,
        "quarantined": 2,
        "progress_markers": 2,
    }
    assert counted(samples, "quarantined_by_rule", "rule") == {
        "non_positive_total": 2,
        "unknown_pickup_zone": 1,
    }
    assert counted(samples, "dead_letters_by_error_class", "error_class") == {
        "wrong_magic": 1,
        "too_short": 1,
    }


def test_the_exporter_tells_the_ledger(platform: Platform) -> None:
    expected = {
        (entry.taxi_type, account): getattr(entry, account)
        for entry in platform.balanced_ledger().entries
        for account in ("received", "windowed", "late", "duplicates", "quarantined", "dead_letters")
    }
    wait_for(lambda: expected.items() <= ledger_metrics(platform).items(), what="the ledger's metrics")


def test_nothing_listens_beyond_loopback(platform: Platform) -> None:
    for service in (JOBMANAGER, TASKMANAGER, EXPORTER):
        connections = platform.service(service).process.net_connections(kind="inet")
        listening = [c.laddr for c in connections if c.status == psutil.CONN_LISTEN]
        assert {address.ip.removeprefix("::ffff:") for address in listening} == {LOOPBACK}


def test_every_metric_that_an_alert_or_the_dashboard_reads_is_there(platform: Platform) -> None:
    expressions = [*panel_expressions(), *(rule["expr"] for rule in alerts().values())]
    wanted = set().union(*(metrics_in(expression) for expression in expressions))
    urls = platform.endpoints.metrics.as_environment().values()
    wait_for(
        lambda: wanted <= {sample.name for url in urls for sample in scrape(url)},
        what=f"all of {sorted(wanted)}",
    )


@contextmanager
def prometheus(platform: Platform, folder: Path) -> Iterator[httpx.Client]:
    """A Prometheus with our configuration, only quicker, and its API."""
    text = (platform.endpoints.home / "monitoring" / "prometheus.yml").read_text("utf-8")
    configuration = folder / "prometheus.yml"
    configuration.write_text(text.replace("interval: 10s", "interval: 2s"), "utf-8")
    address = f"{LOOPBACK}:{choose_ports(dict.fromkeys(DEFAULT_PORTS, AUTO), None).flink}"
    command = ["prometheus", f"--config.file={configuration}", f"--web.listen-address={address}"]
    log = (folder / "log").open("wb")
    process = subprocess.Popen([*command, f"--storage.tsdb.path={folder}"], stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://{address}/api/v1", trust_env=False, timeout=30) as client:
            yield client
    finally:
        process.terminate()
        process.wait(30)


def answer(api: httpx.Client, path: str, **parameters: str) -> Any:
    """The data of an answer; nothing while Prometheus is starting."""
    try:
        reply = api.get(path, params=parameters)
    except httpx.TransportError:
        return {}
    return reply.json()["data"] if reply.status_code == httpx.codes.OK else {}


def test_prometheus_gets_an_answer_for_every_panel_and_can_judge_every_alert(
    platform: Platform, tmp_path: Path
) -> None:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not on the PATH")
    with prometheus(platform, tmp_path) as api:
        silent = set(panel_expressions())

        def all_answer() -> bool:
            silent.difference_update(
                {query for query in silent if answer(api, "/query", query=query).get("result")}
            )
            return not silent

        wait_for(all_answer, stalled_seconds=180, what="every panel to have data")
        rules = wait_for(lambda: judged(api), what="every alert to be judged")
        (by_step,) = (query for query in panel_expressions() if "backPressured" in query)
        steps = {found["metric"].get("step") for found in answer(api, "/query", query=by_step)["result"]}
    assert steps >= {"read_trips", "count_each_trip_once", "sum_windows"}
    assert {name: health for name, health in rules.items() if health != "ok"} == {}
    assert rules.keys() == alerts().keys()


def judged(api: httpx.Client) -> dict[str, str]:
    """The health of each alert; empty until all have been evaluated."""
    groups = answer(api, "/rules").get("groups", [])
    health = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
    return {} if "unknown" in health.values() else health
