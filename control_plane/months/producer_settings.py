"""The producer's settings for the stack and a topic."""

from collections.abc import Iterator
from contextlib import contextmanager

from producer.errors import StoppedByUser
from producer.settings import ProducerSettings
from schemas.errors import UserError
from stack.endpoints import Endpoints
from stack.security.secrets import PRODUCER


@contextmanager
def producer_errors() -> Iterator[None]:
    """Raise UserError when a user stops the producer."""
    try:
        yield
    except StoppedByUser as stop:
        raise UserError(str(stop)) from stop


def producer_settings(endpoints: Endpoints, topic: str) -> ProducerSettings:
    """Return the producer's settings for this stack and this topic."""
    security = endpoints.kafka_security(PRODUCER)
    places = {
        "kafka_bootstrap_servers": endpoints.kafka_bootstrap_servers,
        "schema_registry_url": endpoints.schema_registry_url,
        "taxi_home": endpoints.home,
        "trips_topic": topic,
        **{name.lower(): value for name, value in security.as_environment().items()},
    }
    return ProducerSettings.from_environment().model_copy(update=places)
