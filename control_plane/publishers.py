"""Finds the program that publishes trips now, from this home or another one."""

from producer.publishing.kafka_topic import KafkaCluster
from producer.publishing.publisher_lease import publisher_of
from schemas.topics import TRIPS_TOPIC
from stack.endpoints import Endpoints
from stack.locks import is_locked


def current_publisher(endpoints: Endpoints) -> str:
    """Return the program that publishes to the trips topic, or from this home to any; empty without one."""
    for lock in (endpoints.home / "replays").glob("*.lock"):
        if is_locked(lock):
            return lock.read_text("utf-8") or "a process of this home"
    return publisher_of(
        KafkaCluster(endpoints.kafka.bootstrap_servers, endpoints.kafka.security), TRIPS_TOPIC
    )
