"""Re-drive: publish dead letters again.

At least once: a letter is marked after Kafka has acknowledged it, so a run that follows a killed one repeats
at most a page. A trip that is published twice is counted once, because the stream knows a trip by its
identity.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message, Producer

from control_plane.accounting.dead_letters import decoding
from control_plane.accounting.dead_letters.letters import DeadLetter, DeadLetterStore
from producer.publishing.kafka_topic import KafkaCluster
from producer.publishing.publisher_lease import only_publisher
from schemas.errors import UserError
from schemas.topics import DEFAULT_PARTITIONS
from stack.console import print_message
from stack.endpoints import Endpoints
from stack.waiting import Polling, StalledError, wait_until

UNKNOWN_SCHEMA_SECONDS = 2.0
"""The job caches that a schema id is unknown for a second, even if it has been registered in the meantime."""
BEFORE_ALL_CLOCKS_MS = 1
"""The timestamp where no trip or marker has set an event clock yet; 0 would mean the current time."""
STALLED_KAFKA_SECONDS = 60.0
FLUSH_SECONDS = 1.0
ORIGIN_HEADER = "redriven-from"
DECIDED_BY_VALUES = frozenset({"missing_value", "impossible_value"})
"""Error classes of letters that decode but cannot be stored: the same bytes fail the same way again."""


@dataclass(frozen=True)
class RedriveOptions:
    """User options of a re-drive."""

    schema_id: int | None = None
    force: bool = False
    dry_run: bool = False

    def payload_of(self, letter: DeadLetter) -> bytes | None:
        """Return the bytes to publish."""
        if self.schema_id is None:
            return letter.payload
        return decoding.with_schema_id(letter.payload, self.schema_id)


@dataclass
class RedriveResult:
    """The numbers of letters published, and of letters that are still not valid trips, by error class."""

    redriven: int = 0
    held_back: Counter[str] = field(default_factory=Counter)


def redrive(
    endpoints: Endpoints, topic: str, pages: Iterator[Sequence[DeadLetter]], options: RedriveOptions
) -> RedriveResult:
    """Publish the letters that decode now, each to its own partition."""
    registry = decoding.Registry(endpoints.schema_registry_url)
    if options.schema_id is not None and registry.schema(options.schema_id) is None:
        raise UserError(f"the registry does not know schema {options.schema_id}", "register the schema first")
    outcome = RedriveResult()
    with _publication(endpoints, topic, options) as publication:
        for page in pages:
            ready = [letter for letter in page if may_be_published(letter, options, registry)]
            outcome.redriven += len(ready)
            outcome.held_back.update(letter.error_class for letter in page if letter not in ready)
            publication.publish(ready)
    return outcome


def may_be_published(letter: DeadLetter, options: RedriveOptions, registry: decoding.Registry) -> bool:
    """Check whether a letter is a record; a row that a table refused is not, regardless of `force`."""
    return not letter.is_row and (options.force or _is_trip_now(letter, options, registry))


def _is_trip_now(letter: DeadLetter, options: RedriveOptions, registry: decoding.Registry) -> bool:
    payload = options.payload_of(letter)
    if payload == letter.payload and letter.error_class in DECIDED_BY_VALUES:
        return False
    return decoding.read(payload, registry).is_whole


@contextmanager
def _publication(
    endpoints: Endpoints, topic: str, options: RedriveOptions
) -> Iterator["_DeadLetterProducer"]:
    """Lock the topic: during a replay, timestamps within a partition would go back and forth."""
    cluster = KafkaCluster(endpoints.kafka_bootstrap_servers, endpoints.kafka.security)
    found = cluster.topic(topic, DEFAULT_PARTITIONS)
    with only_publisher(cluster, found, endpoints.home, print_message) as lock:
        yield _DeadLetterProducer(endpoints, cluster.tails_ms(found), options, lock.check)


class _DeadLetterProducer:
    """A producer that publishes pages of letters and marks those that have arrived."""

    def __init__(
        self,
        endpoints: Endpoints,
        clocks_ms: Mapping[int, int],
        options: RedriveOptions,
        check: Callable[[], None],
    ) -> None:
        self._check = check
        self._letters = DeadLetterStore(endpoints.postgres_dsn)
        # The event clock of each partition, frozen during a re-drive: timestamps must not decrease.
        self._clocks_ms = clocks_ms
        self._options = options
        self._producer = Producer(
            {
                **endpoints.kafka.librdkafka(),
                "enable.idempotence": True,
                "log_level": 2,
            }
        )
        self._failure = ""
        self._has_waited = False

    def publish(self, letters: Sequence[DeadLetter]) -> None:
        """Publish letters to the topic, wait for the acknowledgements, and mark them."""
        if self._options.dry_run or not letters:
            return
        self._check()
        self._wait_for_schema_cache(letters)
        for letter in letters:
            self._send(letter)
        self._await_acknowledgements()
        self._letters.mark_redriven(letters)

    def _await_acknowledgements(self) -> None:
        try:
            wait_until(
                lambda: self._failure or not self._producer.flush(FLUSH_SECONDS),
                what="Kafka to acknowledge the letters",
                progress=lambda: f"{len(self._producer):,} letters are not acknowledged",
                stalled_seconds=STALLED_KAFKA_SECONDS,
                polling=Polling(seconds=0),
            )
        except StalledError as failure:
            self._failure = failure.message
        if self._failure:
            raise UserError(
                f"Kafka did not acknowledge the letters ({self._failure})", "run the same command again"
            )

    def _send(self, letter: DeadLetter) -> None:
        self._producer.produce(
            letter.address.topic,
            value=self._options.payload_of(letter),
            key=letter.record_key,
            partition=letter.address.partition,
            timestamp=self._clocks_ms.get(letter.address.partition, BEFORE_ALL_CLOCKS_MS),
            headers={ORIGIN_HEADER: str(letter.address).encode()},
            on_delivery=self._note_arrival,
        )

    def _note_arrival(self, error: KafkaError | None, _record: Message) -> None:
        if error:
            self._failure = error.str()

    def _wait_for_schema_cache(self, letters: Sequence[DeadLetter]) -> None:
        if not self._has_waited and any(letter.error_class == "unknown_schema" for letter in letters):
            time.sleep(UNKNOWN_SCHEMA_SECONDS)
            self._has_waited = True
