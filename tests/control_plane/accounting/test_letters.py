"""The dead letters in Postgres: which are listed, found, published again and marked."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from control_plane.accounting.dead_letters import letters
from control_plane.accounting.dead_letters.letters import Address, ClassCount, DeadLetterStore
from schemas.errors import UserError
from stack import database
from stack.endpoints import Endpoints

pytestmark = pytest.mark.integration

NOON = datetime.fromisoformat("2024-01-10 12:00")
UNKNOWN, GARBLED = "unknown_schema", "garbled"
#    place in Kafka       arrived at 12:00 and   class     was re-driven
ROWS: Sequence[tuple[str, int, int, int, str, bool]] = (
    ("trips", 0, 7, 3, UNKNOWN, False),
    ("trips", 0, 9, 1, GARBLED, False),
    ("trips", 0, 10, 1, UNKNOWN, True),
    ("trips", 1, 2, 1, UNKNOWN, False),
    ("trips", 1, 8, 2, GARBLED, False),
    ("trips", 1, 9, 2, UNKNOWN, False),
    ("others", 0, 7, 0, UNKNOWN, False),
)


@pytest.fixture
def store(stack: Endpoints) -> Iterator[DeadLetterStore]:
    """Six letters of one topic and one of another."""
    with psycopg.connect(stack.postgres_dsn) as connection:
        connection.execute("delete from taxi_1.dead_letters")
        connection.cursor().executemany(
            "insert into taxi_1.dead_letters (topic, partition, kafka_offset, arrived_at, record_key,"
            f" error_class, error, schema_id, payload, redriven_at) values ({', '.join(['%s'] * 10)})",
            [_row(*row) for row in ROWS],
        )
    yield DeadLetterStore(stack.postgres_dsn)
    database.query(stack.postgres_dsn, "delete from taxi_1.dead_letters")


def _row(topic: str, partition: int, offset: int, minutes: int, kind: str, redriven: bool) -> tuple[Any, ...]:
    arrived_at = NOON + timedelta(minutes=minutes)
    redriven_at = NOON if redriven else None
    address = (topic, partition, offset)
    return (
        *address,
        arrived_at,
        b"key",
        kind,
        f"what is wrong with {offset}",
        offset,
        b"\x00bytes",
        redriven_at,
    )


def addresses(found: Sequence[letters.DeadLetter]) -> list[str]:
    return [str(letter.address) for letter in found]


def test_letters_are_counted_by_class_that_of_the_newest_first(store: DeadLetterStore) -> None:
    minute = timedelta(minutes=1)
    unknown = ClassCount(UNKNOWN, 5, 1, NOON + 3 * minute)
    garbled = ClassCount(GARBLED, 2, 0, NOON + 2 * minute)
    assert store.counts() == [unknown, garbled]
    assert store.counts(GARBLED) == [garbled]


def test_the_newest_letters_come_first_and_of_equals_those_in_the_order_of_their_partitions(
    store: DeadLetterStore,
) -> None:
    newest = ["trips/0/7", "trips/1/9", "trips/1/8", "trips/0/10", "trips/0/9", "trips/1/2", "others/0/7"]
    assert addresses(store.newest(None, 10)) == newest
    assert addresses(store.newest(None, 4)) == newest[:4]
    assert addresses(store.newest(GARBLED, 10)) == ["trips/1/8", "trips/0/9"]


@pytest.mark.parametrize("topic", ["trips", "others"])
def test_a_letter_is_found_by_its_whole_address(store: DeadLetterStore, topic: str) -> None:
    letter = store.at(Address(topic, 0, 7))
    assert (letter.address.topic, letter.error, letter.schema_id) == (topic, "what is wrong with 7", 7)
    assert (letter.record_key, letter.payload, letter.redriven_at) == (b"key", b"\x00bytes", None)


@pytest.mark.parametrize("absent", ["trips/0/8", "trips/2/7", "another/0/7"])
def test_an_address_without_a_letter_is_refused(store: DeadLetterStore, absent: str) -> None:
    with pytest.raises(UserError, match=f"there is no dead letter {absent}"):
        store.at(Address.parse(absent))


@pytest.mark.parametrize("page", [1, 2, 3, 500])
def test_letters_to_be_redriven_are_read_once_each_in_the_order_of_their_addresses(
    store: DeadLetterStore, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "PAGE", page)
    pages = list(store.not_redriven("trips", None))
    expected = ["trips/0/7", "trips/0/9", "trips/1/2", "trips/1/8", "trips/1/9"]
    assert [address for found in pages for address in addresses(found)] == expected
    assert max(map(len, pages)) == min(page, len(expected))
    only = [address for found in store.not_redriven("trips", UNKNOWN) for address in addresses(found)]
    assert only == ["trips/0/7", "trips/1/2", "trips/1/9"]


def test_a_letter_at_the_very_beginning_of_a_topic_is_redriven(store: DeadLetterStore) -> None:
    with psycopg.connect(store.dsn) as connection:
        connection.execute("update taxi_1.dead_letters set kafka_offset = 0 where kafka_offset = 7")
    (first, *_) = (letter for page in store.not_redriven("trips", None) for letter in page)
    assert str(first.address) == "trips/0/0"


def test_letters_that_were_published_again_are_marked_and_no_others(store: DeadLetterStore) -> None:
    chosen = ["trips/0/9", "trips/1/2", "others/0/7"]
    store.mark_redriven([store.at(Address.parse(address)) for address in chosen])
    marked = [letter for letter in store.newest(None, 10) if letter.redriven_at is not None]
    assert set(addresses(marked)) == {*chosen, "trips/0/10"}


@pytest.mark.parametrize("text", ["trips/0/", "trips//17", "/0/17", "trips/x/17", "trips/0/x", "trips", ""])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not the address of a record"):
        Address.parse(text)
