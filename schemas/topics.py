"""The names and settings of the Kafka topics."""

TRIPS_TOPIC = "trips"

DEAD_LETTERS_TOPIC = "trips-dead-letters"

REPROCESS_TOPIC_PREFIX = f"{TRIPS_TOPIC}-reprocess-"
"""A reprocessing has its own topic, which is deleted when it ends."""

DEFAULT_PARTITIONS = 2

TOPIC_CONFIG = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "CreateTime",
}
"""Infinite retention: replayed records have timestamps of years ago and would be deleted at once."""

PUBLISHER_GROUP_PREFIX = "publisher-of-"
"""Prefix of a consumer group whose only member may publish to the topic named by the rest."""

PARTITION_DISCOVERY_SECONDS = 10
"""Interval at which readers discover added partitions.

A publisher waits twice that time before it uses a new partition: until readers know it, the watermark may
pass its records.
"""


def dead_letters_topic(version: int) -> str:
    """Return the dead-letter topic of a job version; users read only version 1's, to see each record once."""
    return DEAD_LETTERS_TOPIC if version == 1 else f"{DEAD_LETTERS_TOPIC}-{version}"


def publisher_group(topic: str) -> str:
    """Return the consumer group that is the lock of a topic's publishers."""
    return f"{PUBLISHER_GROUP_PREFIX}{topic}"
