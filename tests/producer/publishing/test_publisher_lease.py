"""Only one publishes to a topic, from whichever home: Kafka says who."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from producer.publishing.kafka_topic import KafkaCluster, TopicDescription
from producer.publishing.publisher_lease import Holder, only_publisher, publisher_of
from schemas.errors import UserError
from stack.endpoints import Endpoints
from stack.settings import ROOT
from tests.waiting import wait_for

OTHER_PUBLISHER = """
import sys, time
from pathlib import Path
from producer.publishing.kafka_topic import KafkaCluster
from producer.publishing.publisher_lease import only_publisher
cluster = KafkaCluster(sys.argv[1])
with only_publisher(cluster, cluster.topic(sys.argv[2], 2), Path(sys.argv[3]), print) as lock:
    print("publishes", flush=True)
    while True:
        time.sleep(0.1)
        lock.check()
"""


@pytest.fixture
def cluster(stack: Endpoints) -> KafkaCluster:
    return KafkaCluster(stack.kafka_bootstrap_servers)


@pytest.fixture
def topic(cluster: KafkaCluster) -> TopicDescription:
    return cluster.topic(f"trips-{uuid4().hex[:8]}", 2)


def home(folder: Path, name: str) -> Path:
    (folder / name).mkdir(exist_ok=True)
    return folder / name


@contextmanager
def other_publisher(
    cluster: KafkaCluster, topic: TopicDescription, at: Path
) -> Iterator["subprocess.Popen[str]"]:
    """A process that publishes to the topic until the block ends."""
    arguments = [cluster.bootstrap_servers, topic.name, str(at)]
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER_PUBLISHER, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "publishes\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.integration
def test_two_homes_never_publish_at_once_and_the_second_learns_who_does(
    cluster: KafkaCluster, topic: TopicDescription, tmp_path: Path
) -> None:
    first, second = home(tmp_path, "first"), home(tmp_path, "second")
    holder = f"process {os.getpid()} of .* on {socket.gethostname()}, home {first}"
    with only_publisher(cluster, topic, first, print) as lock:
        for _ in range(3):
            with (
                pytest.raises(
                    UserError, match=f"another replay is publishing to topic {topic.name}: {holder}"
                ),
                only_publisher(cluster, topic, second, print),
            ):
                pass
        lock.check()
        assert f"home {first}" in publisher_of(cluster, topic.name)
    with only_publisher(cluster, topic, second, print) as lock:
        lock.check()


@pytest.mark.integration
@pytest.mark.parametrize("successor", ["same", "other"])
def test_a_killed_publisher_is_succeeded_as_soon_as_kafka_has_noticed(
    cluster: KafkaCluster, topic: TopicDescription, tmp_path: Path, successor: str
) -> None:
    warnings: list[str] = []
    with other_publisher(cluster, topic, home(tmp_path, "same")) as killed:
        assert f"process {killed.pid} of" in publisher_of(cluster, topic.name)
        killed.kill()
        killed.wait()
        assert publisher_of(cluster, topic.name) == ""
        with only_publisher(cluster, topic, home(tmp_path, successor), warnings.append) as lock:
            lock.check()
    assert any(f"process {killed.pid} of" in line and "has ended" in line for line in warnings)


@pytest.mark.integration
def test_a_publisher_that_was_frozen_while_another_took_over_publishes_no_more(
    cluster: KafkaCluster, topic: TopicDescription, tmp_path: Path
) -> None:
    with other_publisher(cluster, topic, home(tmp_path, "frozen")) as frozen:
        frozen.send_signal(signal.SIGSTOP)
        wait_for(lambda: not publisher_of(cluster, topic.name), what="Kafka to end the session")
        with only_publisher(cluster, topic, home(tmp_path, "other"), print) as lock:
            frozen.send_signal(signal.SIGCONT)
            wait_for(lambda: frozen.poll() is not None, what="the frozen publisher to give up")
            assert frozen.stderr
            assert f"another publisher took over topic {topic.name}" in frozen.stderr.read()
            lock.check()


@pytest.mark.integration
def test_a_publisher_that_was_frozen_goes_on_where_nobody_took_over(
    cluster: KafkaCluster, topic: TopicDescription, tmp_path: Path
) -> None:
    with other_publisher(cluster, topic, home(tmp_path, "frozen")) as frozen:
        frozen.send_signal(signal.SIGSTOP)
        wait_for(lambda: not publisher_of(cluster, topic.name), what="Kafka to end the session")
        frozen.send_signal(signal.SIGCONT)
        second = home(tmp_path, "second")

        def is_refused() -> bool:
            try:
                with only_publisher(cluster, topic, second, print):
                    return False
            except UserError as refusal:
                return f"process {frozen.pid} of" in str(refusal)

        wait_for(lambda: f"process {frozen.pid} of" in publisher_of(cluster, topic.name), what="its return")
        wait_for(is_refused, what="the refusal of another")
        assert frozen.poll() is None


@pytest.mark.unit
def test_a_holder_is_known_by_the_name_of_its_client() -> None:
    holder = Holder("ann", "vm", 12, "/a home/with spaces")
    assert Holder.of_client_id(holder.client_id) == holder
    assert Holder.of_client_id("rdkafka") is None
    assert str(holder) == "process 12 of ann on vm, home /a home/with spaces"


@pytest.mark.unit
def test_only_a_holder_of_this_host_is_known_to_be_dead() -> None:
    asker = Holder("ann", "vm", os.getpid(), "/here")
    gone = 2**22 + 1  # no process has so high a number
    assert Holder("ann", "vm", 1, "/here").is_dead(asker)  # the asker has the lock of that home
    assert Holder("ann", "vm", gone, "/there").is_dead(asker)
    assert not Holder("ann", "vm", os.getpid(), "/there").is_dead(asker)
    assert not Holder("ann", "elsewhere", gone, "/here").is_dead(asker)
