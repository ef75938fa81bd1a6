"""What `./taxi doctor` finds on a stack that runs."""

import pytest

from control_plane.jobs.lifecycle import JobSite
from schemas.jobs import DEFAULT_JOB
from schemas.topics import TRIPS_TOPIC
from stack.doctor import findings
from stack.settings import StackSettings
from tests.platform import Platform
from tests.producer.topics import alter_topic
from tests.waiting import wait_for

pytestmark = pytest.mark.integration


def found_of_topic(settings: StackSettings) -> list[tuple[str, str]]:
    return [
        (finding.found, finding.remedy)
        for finding in findings(settings)
        if finding.subject == f"topic {TRIPS_TOPIC}"
    ]


def test_settings_of_the_topic_that_lose_records_are_named_and_a_running_job_says_so_too(
    platform: Platform, stack_settings: StackSettings
) -> None:
    assert found_of_topic(stack_settings) == [("its settings keep every record unchanged", "")]
    servers = platform.endpoints.kafka_bootstrap_servers
    alter_topic(servers, TRIPS_TOPIC, "retention.bytes", "1000000")
    alter_topic(servers, TRIPS_TOPIC, "message.timestamp.type", "LogAppendTime")

    def both() -> list[tuple[str, str]]:
        seen = found_of_topic(stack_settings)
        return seen if len(seen) > 1 else []

    found = wait_for(both, what="both settings")
    assert [remedy for _, remedy in found] == [
        "set retention.bytes=-1 on the topic",
        "set message.timestamp.type=CreateTime on the topic",
    ]
    verdict = JobSite.of(platform.endpoints, DEFAULT_JOB).status().verdict
    assert (verdict.name, "retention.bytes=1000000" in verdict.reason) == ("degraded", True)
