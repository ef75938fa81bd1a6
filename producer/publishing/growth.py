"""Handle partitions that were added to a topic that already holds trips."""

import time
from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import Producer

from producer.publishing.kafka_topic import TIMEOUT_SECONDS, KafkaCluster, TopicDescription
from schemas.errors import UserError
from schemas.topics import PARTITION_DISCOVERY_SECONDS
from schemas.trip import PROGRESS_MARKER_KEY

WAIT_SECONDS = 2.0 * PARTITION_DISCOVERY_SECONDS
STEP_SECONDS = 0.1


def introduce(
    cluster: KafkaCluster,
    topic: TopicDescription,
    added: Sequence[int],
    tails_ms: Mapping[int, int],
    check: Callable[[], None],
) -> Mapping[int, int]:
    """Put the event clock on added partitions, and wait until the stream has found them; return all tails.

    Until the stream reads a partition, its watermark advances without it. In this time nothing is published,
    so the watermark cannot pass the clock of the slowest partition, and the added partitions begin with that
    clock.
    """
    clock_ms = min(tail_ms for partition, tail_ms in tails_ms.items() if partition not in added)
    grown = {**dict.fromkeys(added, clock_ms), **tails_ms}
    producer = Producer(cluster.configuration)
    for partition in added:
        producer.produce(topic.name, None, PROGRESS_MARKER_KEY, partition, timestamp=grown[partition])
    if producer.flush(TIMEOUT_SECONDS):
        raise UserError(
            f"timed out after {TIMEOUT_SECONDS:.0f} s writing to the new partitions of topic {topic.name}",
            "run the same command again",
        )
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        check()
        time.sleep(STEP_SECONDS)
    return grown
