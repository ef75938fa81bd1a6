"""The Kafka topics: what they are called and how they are made."""

TRIPS_TOPIC = "trips"

DEAD_LETTERS_TOPIC = "trips-dead-letters"

REPROCESS_TOPIC_PREFIX = f"{TRIPS_TOPIC}-reprocess-"
"""A reprocessing has a topic of its own, which is gone when it has ended."""

DEFAULT_PARTITIONS = 2

TOPIC_CONFIG = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "CreateTime",
}
"""Kept for ever: replayed records carry timestamps of years ago, any retention would delete them at once."""

PUBLISHER_GROUP_PREFIX = "publisher-of-"
"""The consumer group whose one member may publish to the topic that follows in its name."""

PARTITION_DISCOVERY_SECONDS = 10
"""So often readers look for partitions that were added. A publisher gives them twice that time before it uses
one: until it is read, the watermark may pass what comes there."""


def dead_letters_topic(version: int) -> str:
    """Where a version of a job writes its dead letters: people read those of the first alone, each once."""
    return DEAD_LETTERS_TOPIC if version == 1 else f"{DEAD_LETTERS_TOPIC}-{version}"


def publisher_group(topic: str) -> str:
    """The consumer group that is the lock of a topic's publishers."""
    return f"{PUBLISHER_GROUP_PREFIX}{topic}"
