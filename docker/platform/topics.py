"""Create the topics of the platform if they are missing: only the producer's user may create them."""

import os
import sys

from producer.publishing.kafka_topic import KafkaCluster
from producer.settings import ProducerSettings
from schemas.errors import UserError


def main() -> int:
    """Create both topics; print their partition counts."""
    try:
        settings = ProducerSettings.from_environment()
        cluster = KafkaCluster(settings.kafka_bootstrap_servers, settings.kafka_access)
        for name in (settings.trips_topic, os.environ["DEAD_LETTERS_TOPIC"]):
            topic = cluster.topic(name, settings.trips_partitions)
            print(f"{topic.name}: {topic.partition_count} partitions")  # noqa: T201 - data for the caller
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - one line, as everywhere
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
