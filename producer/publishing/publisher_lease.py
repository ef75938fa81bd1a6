"""Allow one publisher per topic: its lock is a consumer group with one static member.

The static member's `group.instance.id` is the lock. Under the group protocol of KIP-848, Kafka refuses a
client that joins with an id in use. It frees the id when the member leaves, or sends no heartbeat within the
group's session timeout. So publishers in different homes and on different hosts exclude one another, and a
killed publisher needs no clean-up.
"""

import getpass
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from confluent_kafka import Consumer, ConsumerGroupState, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from producer.publishing.home_lock import occupied, only_publisher_of_home
from producer.publishing.kafka_topic import TIMEOUT_SECONDS, KafkaCluster, TopicDescription
from schemas.errors import UserError
from schemas.topics import publisher_group

PLACE = "publisher"
FIELDS = 4
POLL_SECONDS = 0.1
JOIN_SECONDS = 60.0
RELEASE_SECONDS = 100.0
"""How long to wait for Kafka to notice a killed publisher: its session timeout is 45 s by default."""
PAUSE_SECONDS = 1.0
CLOSE_SECONDS = 10.0

Warn = Callable[[str], None]


@dataclass(frozen=True)
class Holder:
    """The publisher that holds the lease, as identified by its Kafka client id."""

    user: str
    host: str
    pid: int
    home: str

    @classmethod
    def this_process(cls, home: Path) -> "Holder":
        """Describe this process."""
        with suppress(OSError, KeyError):
            return cls(getpass.getuser(), socket.gethostname(), os.getpid(), str(home))
        return cls(str(os.getuid()), socket.gethostname(), os.getpid(), str(home))

    @classmethod
    def of_client_id(cls, client_id: str) -> "Holder | None":
        """Parse a client id; None if it is not in our format."""
        words = client_id.split(" ", 3)
        return (
            cls(words[0], words[1], int(words[2]), words[3])
            if len(words) == FIELDS and words[2].isdecimal()
            else None
        )

    @property
    def client_id(self) -> str:
        """Return the client id for Kafka."""
        return f"{self.user} {self.host} {self.pid} {self.home}"

    def is_dead(self, asker: "Holder") -> bool:
        """Return whether it is known to have ended; the asker holds the lock of its own home."""
        return self.has_ended_on(asker.host) or (self.host, self.home) == (asker.host, asker.home)

    def has_ended_on(self, host: str) -> bool:
        """Return whether it ran on this host and has ended."""
        return self.host == host and not _is_alive(self.pid)

    def __str__(self) -> str:
        return f"process {self.pid} of {self.user} on {self.host}, home {self.home}"


class PublisherLease:
    """The group membership, kept alive by heartbeats until `release`."""

    def __init__(self, cluster: KafkaCluster, topic: str, holder: Holder) -> None:
        options = {
            "group.id": publisher_group(topic),
            "group.protocol": "consumer",
            "group.instance.id": PLACE,
            "client.id": holder.client_id,
            "enable.auto.commit": False,
            "auto.offset.reset": "latest",
        }
        self._topic = topic
        self._consumer = Consumer({**cluster.configuration, **options})
        self._has_joined = False
        self._failure: KafkaError | None = None
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease of {topic}", daemon=True)

    def take(self) -> KafkaError | None:
        """Join the group; return Kafka's refusal, if any. Raises UserError when Kafka does not answer."""
        self._consumer.subscribe([self._topic], on_assign=self._note_joined)
        deadline = time.monotonic() + JOIN_SECONDS
        while not self._has_joined and self._failure is None:
            if time.monotonic() > deadline:
                self._consumer.close()
                raise UserError(
                    f"timed out after {JOIN_SECONDS:.0f} s waiting for Kafka to grant the publisher lease"
                    f" of topic {self._topic}",
                    "check that Kafka is healthy with ./taxi status, then run the same command again",
                )
            self._look()
        if self._failure is None:
            self._thread.start()
        else:
            self._consumer.close()
        return self._failure

    def check(self) -> None:
        """Raise UserError if another publisher has taken the lease since."""
        if self._failure is not None:
            raise UserError(
                f"another publisher took over topic {self._topic} while this one was disconnected from Kafka"
            )

    def release(self) -> None:
        """Leave the group."""
        self._is_over.set()
        self._thread.join(CLOSE_SECONDS)
        self._consumer.close()

    def _keep(self) -> None:
        while not self._is_over.is_set() and self._failure is None:
            self._look()

    def _look(self) -> None:
        try:
            record = self._consumer.poll(POLL_SECONDS)
        except KafkaException as failure:
            self._note_failure(failure.args[0])
            return
        error = record.error() if isinstance(record, Message) else None
        if error is not None:
            self._note_failure(error)

    def _note_joined(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # The partitions that are assigned with the membership are not needed: nothing is read from them.
        consumer.incremental_assign(partitions)
        consumer.pause(partitions)
        self._has_joined = True

    def _note_failure(self, error: KafkaError) -> None:
        # The error that ends a consumer has a code of its own, and is not marked as fatal.
        if error.fatal() or error.code() in {KafkaError._FATAL, KafkaError.UNRELEASED_INSTANCE_ID}:
            self._failure = error


@dataclass(frozen=True)
class PublisherLock:
    """The exclusive right to publish to a topic.

    A process that inherits `file` also holds this home's lock.
    """

    file: IO[str]
    check: Callable[[], None]


@contextmanager
def only_publisher(
    cluster: KafkaCluster, topic: TopicDescription, home: Path, warn: Warn
) -> Iterator[PublisherLock]:
    """Keep other publishers out: two on one topic would make each other's trips late.

    Raises UserError naming the current publisher. `check` raises UserError if the lease was lost later.
    """
    holder = Holder.this_process(home)
    with only_publisher_of_home(topic.name, home, topic.id, str(holder)) as file:
        lease = _taken(cluster, topic.name, holder, warn)
        if lease is None:
            yield PublisherLock(file, lambda: None)
            return
        try:
            yield PublisherLock(file, lease.check)
        finally:
            lease.release()


def publisher_of(cluster: KafkaCluster, topic: str) -> str:
    """Return who may publish to a topic now; empty if there is no publisher.

    Kafka still reports a member that left or was killed until its session timeout ends. For this host, the
    process table shows whether it still runs.
    """
    client_id = _client_of(cluster, topic)
    holder = Holder.of_client_id(client_id)
    if holder is None:
        return client_id
    return "" if holder.has_ended_on(socket.gethostname()) else str(holder)


def _client_of(cluster: KafkaCluster, topic: str) -> str:
    admin, group = AdminClient(cluster.configuration), publisher_group(topic)
    try:
        answer = admin.describe_consumer_groups([group], request_timeout=TIMEOUT_SECONDS)
        found = answer[group].result()
    except KafkaException:  # no member ever joined this group
        return ""
    if found.state == ConsumerGroupState.DEAD:
        return ""
    return next((str(member.client_id) for member in found.members or ()), "")


def _taken(cluster: KafkaCluster, topic: str, holder: Holder, warn: Warn) -> PublisherLease | None:
    """Take the lease; None if Kafka does not support such groups. Waits only for a holder that has ended."""
    deadline, has_warned = time.monotonic() + RELEASE_SECONDS, False
    while True:
        lease = PublisherLease(cluster, topic, holder)
        refusal = lease.take()
        if refusal is None:
            return lease
        if not _is_taken(refusal):
            _refuse_without_rights(topic, refusal)
            warn(
                f"this Kafka does not support the publisher lease ({refusal.str()}):"
                f" it cannot stop a publisher of another stack from writing to {topic}"
            )
            return None
        dead = _dead_holder(cluster, topic, holder)
        if time.monotonic() > deadline:
            raise occupied(topic, dead)
        if not has_warned:
            has_warned = True
            warn(f"waiting for Kafka to end the session of {dead}, which has ended")
        time.sleep(PAUSE_SECONDS)


def _dead_holder(cluster: KafkaCluster, topic: str, asker: Holder) -> str:
    """Return the holder if it is known to have ended.

    Raises UserError naming the holder if it may still run.
    """
    client_id = _client_of(cluster, topic)
    other = Holder.of_client_id(client_id)
    if other is not None and not other.is_dead(asker):
        raise occupied(topic, str(other))
    if client_id and other is None:
        raise occupied(topic, client_id)
    return str(other or "another publisher")


def _is_taken(refusal: KafkaError) -> bool:
    return _is_of_code(refusal, KafkaError.UNRELEASED_INSTANCE_ID)


def _is_of_code(refusal: KafkaError, code: int) -> bool:
    """Return whether an error has this code; a fatal error has its own code and quotes the cause."""
    return bool(refusal.code() == code) or KafkaError(code).str() in refusal.str()


def _refuse_without_rights(topic: str, refusal: KafkaError) -> None:
    """Raise UserError unless Kafka is only too old for such groups."""
    unknown = (KafkaError.UNSUPPORTED_VERSION, KafkaError._UNSUPPORTED_FEATURE)
    if not any(_is_of_code(refusal, code) for code in unknown):
        raise UserError(
            f"Kafka denies the publisher lease of topic {topic} ({refusal.str()})",
            f"grant READ on the consumer group {publisher_group(topic)}",
        )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
