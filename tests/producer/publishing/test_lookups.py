"""What the producer asks again, and what it does not."""

import json
from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, KafkaException

from producer.publishing.kafka_topic import KafkaCluster
from producer.publishing.schema_registry import SchemaRegistry
from schemas import trip
from schemas.errors import TransientError, UserError
from tests.producer.tlc_site import TlcSite, tlc_site

pytestmark = pytest.mark.unit


@pytest.fixture
def registry() -> Iterator[TlcSite]:
    with tlc_site({"subjects": json.dumps([]).encode()}) as site:
        yield site


def test_a_registry_that_is_busy_for_a_moment_is_asked_again(registry: TlcSite) -> None:
    registry.faults = ["503", "500"]
    SchemaRegistry(registry.base_url).check()
    assert len(registry.requests) == 3


def test_a_registry_that_refuses_is_asked_once(registry: TlcSite) -> None:
    registry.faults = ["422", "422"]
    with pytest.raises(UserError, match="refused GET /subjects: HTTP 422") as refusal:
        SchemaRegistry(registry.base_url).check()
    assert not isinstance(refusal.value, TransientError)
    assert len(registry.requests) == 1


def test_a_registry_that_is_away_for_long_is_an_error_with_the_remedy() -> None:
    nobody = SchemaRegistry("http://127.0.0.1:9", patience_seconds=0.1)
    with pytest.raises(
        UserError, match=r"schema registry http://127\.0\.0\.1:9 does not answer .*refused"
    ) as error:
        nobody.register("trips", trip.all_versions())
    assert "start the stack with ./taxi up, or set SCHEMA_REGISTRY_URL" in str(error.value)


def test_an_address_that_is_none_is_not_tried_twice() -> None:
    with pytest.raises(UserError) as error:
        SchemaRegistry("registry:8085").check()
    assert not isinstance(error.value, TransientError)


def kafka(code: int) -> KafkaException:
    return KafkaException(KafkaError(code))


class Broker:
    """Answers each question with the next outcome."""

    def __init__(self, *outcomes: BaseException | str) -> None:
        self._outcomes = list(outcomes)
        self.questions = 0

    def __call__(self) -> str:
        self.questions += 1
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


@pytest.mark.parametrize(
    "passing",
    [
        kafka(KafkaError._TIMED_OUT),
        kafka(KafkaError._TRANSPORT),
        kafka(KafkaError.LEADER_NOT_AVAILABLE),
        kafka(KafkaError.UNKNOWN_TOPIC_OR_PART),
        TimeoutError(),
    ],
)
def test_a_broker_that_is_busy_or_elects_a_leader_is_asked_again(passing: Exception) -> None:
    broker = Broker(passing, "topics")
    assert KafkaCluster("127.0.0.1:1").ask(broker) == "topics"
    assert broker.questions == 2


def test_a_broker_that_refuses_is_asked_once() -> None:
    broker = Broker(kafka(KafkaError.TOPIC_AUTHORIZATION_FAILED), "never")
    with pytest.raises(UserError, match=r"Kafka at 127\.0\.0\.1:1 does not answer"):
        KafkaCluster("127.0.0.1:1").ask(broker)
    assert broker.questions == 1
