"""What the code asks of AWS and of Kafka, beside what the roles of its programs may do."""

import re
from pathlib import Path

import pytest

from producer.publishing.publisher import DELIVERY as PUBLISHER
from stack.settings import ROOT

pytestmark = pytest.mark.unit

POLICIES = (ROOT / "terraform" / "modules" / "identity" / "main.tf").read_text("utf-8")
JOB = ROOT / "flink_jobs" / "zone_fares"
MANAGED = ROOT / "control_plane" / "jobs" / "managed"
SERVERLESS = ROOT / "control_plane" / "spark" / "emr_serverless.py"
CALLS = re.compile(r"(?:\bcall|_call|_pages|get_paginator)\(\s*\"(\w+)\"")

KAFKA_CALLS = {
    "create_topics": {"CreateTopic"},
    "describe_configs": {"DescribeTopicDynamicConfiguration"},
    "describe_consumer_groups": {"DescribeGroup"},
    "describe_topics": {"DescribeTopic"},
    "list_offsets": {"DescribeTopic"},
    "list_topics": {"Connect", "DescribeTopic"},
}
"""What MSK asks of who sends these requests of an admin client."""
FOR_PEOPLE = {"Create", "Update", "Rollback", "DeleteSnapshot", "DescribeVersion", "ListVersions"}
"""Airflow watches the job and starts it; that it cannot change the job's code is meant."""


def rights(role: str) -> set[str]:
    """Every action that a role's own policy names."""
    begin = POLICIES.index(f'data "aws_iam_policy_document" "{role}" {{')
    return set(re.findall(r'"([a-z0-9-]+:[A-Za-z]+)"', POLICIES[begin : POLICIES.index("\n}\n", begin)]))


def kafka(*actions: str) -> set[str]:
    return {f"kafka-cluster:{action}" for action in actions}


def operations(*paths: Path) -> set[str]:
    """The operations that are asked of a service, as AWS writes them."""
    text = "\n".join(path.read_text("utf-8") for path in paths)
    return {"".join(word.capitalize() for word in name.split("_")) for name in CALLS.findall(text)}


def test_the_job_may_do_what_its_source_and_its_sink_need() -> None:
    needs = kafka("Connect", "DescribeTopic")
    assert "'connector' = 'kafka-durable-watermark'" in (JOB / "source.sql").read_text("utf-8")
    needs |= kafka("ReadData", "DescribeGroup", "AlterGroup")
    sink = (JOB / "dead_letters.sql").read_text("utf-8")
    assert "'connector' = 'kafka'" in sink
    needs |= kafka("WriteData")
    if "enable.idempotence" not in sink:  # Kafka's client is idempotent by default
        needs |= kafka("WriteDataIdempotently")
    assert "exactly-once" not in sink  # it would need a transactional id too
    assert needs - rights("zone_fares") == set()


def test_the_producer_may_do_what_its_clients_ask_for() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "producer" / "publishing").glob("*.py"))
    asked = {name for name in KAFKA_CALLS if f".{name}(" in code}
    needs = kafka("WriteData").union(*(kafka(*KAFKA_CALLS[name]) for name in asked))
    if PUBLISHER["enable.idempotence"]:
        needs |= kafka("WriteDataIdempotently")
    assert "transactional.id" not in code  # it would need rights on the transactional id
    assert needs - rights("producer") == set()


def test_every_request_of_an_admin_client_is_known_by_its_rights() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "producer" / "publishing").glob("*.py"))
    asked = set(re.findall(r"admin\w*(?:\(\))?\.(\w+)\(", code)) - {"poll"}
    assert asked - KAFKA_CALLS.keys() == set()


def test_airflow_may_ask_the_services_what_its_commands_ask_them() -> None:
    asked = operations(*MANAGED.glob("*.py"))
    assert {"DescribeApplication", "StartApplication"} <= asked
    for_people = {name for name in asked if name.replace("Application", "") in FOR_PEOPLE}
    needs = {f"kinesisanalytics:{name}" for name in asked - for_people}
    needs |= {f"emr-serverless:{name}" for name in operations(SERVERLESS)}
    assert "emr-serverless:StartJobRun" in needs
    assert needs - rights("airflow") == set()
    assert {f"kinesisanalytics:{name}" for name in for_people} & rights("airflow") == set()


@pytest.mark.parametrize(
    ("role", "code", "calls"),
    [
        ("zone_fares", "flink_jobs/runtime/secret.py", {"get_secret_value": "secretsmanager:GetSecretValue"}),
        (
            "producer",
            "producer/fetching/object_store.py",
            {
                "get_object": "s3:GetObject",
                "download_file": "s3:GetObject",
                "list_objects_v2": "s3:ListBucket",
            },
        ),
        ("airflow", "airflow_dags/notifiers/alert.py", {"publish_to_target": "sns:Publish"}),
    ],
)
def test_what_a_program_asks_of_aws_its_role_allows(role: str, code: str, calls: dict[str, str]) -> None:
    text = (ROOT / code).read_text("utf-8")
    assert [call for call in calls if call not in text] == []
    assert set(calls.values()) - rights(role) == set()
