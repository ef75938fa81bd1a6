"""Dead letters as Postgres stores them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from control_plane.sink.refusals import REFUSED_BY_SINK
from schemas.errors import UserError
from stack import database

PAGE = 500
"""The error class of a row that Postgres refused: its topic is the table, its payload the row as JSON."""
_ADDRESS = "topic, partition, kafka_offset"
_COLUMNS = f"{_ADDRESS}, arrived_at, record_key, error_class, error, schema_id, payload, redriven_at"
_OF_CLASS = "(%(error_class)s::text is null or error_class = %(error_class)s)"

COUNTS = f"""
select error_class, count(*), count(redriven_at), max(arrived_at)
from taxi.dead_letters
where {_OF_CLASS}
group by error_class
order by max(arrived_at) desc, error_class
"""  # noqa: S608 - put together from our own text
NEWEST = f"""
select {_COLUMNS}
from taxi.dead_letters
where {_OF_CLASS}
order by arrived_at desc, topic, partition, kafka_offset desc
limit %(limit)s
"""  # noqa: S608 - put together from our own text
AT_ADDRESS = f"""
select {_COLUMNS}
from taxi.dead_letters
where topic = %(topic)s and partition = %(partition)s and kafka_offset = %(offset)s
"""  # noqa: S608 - put together from our own text
NOT_REDRIVEN = f"""
select {_COLUMNS}
from taxi.dead_letters
where
    redriven_at is null and topic = %(topic)s and {_OF_CLASS}
    and (partition, kafka_offset) > (%(partition)s, %(offset)s)
order by partition, kafka_offset
limit %(limit)s
"""  # noqa: S608 - put together from our own text
MARK_REDRIVEN = """
update taxi.dead_letters set redriven_at = now() at time zone 'UTC'
where topic = %(topic)s and (partition, kafka_offset) in (
    select * from unnest(%(partitions)s::integer[], %(offsets)s::bigint[])
)
"""


@dataclass(frozen=True)
class Address:
    """The position of a record in Kafka."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Parse an address as `list` prints it: trips/0/17."""
        topic, _, place = text.partition("/")
        partition, _, offset = place.partition("/")
        if not (topic and partition.isdecimal() and offset.isdecimal()):
            raise UserError(
                f"{text} is not the address of a record",
                "write topic/partition/offset, for example trips/0/17",
            )
        return cls(topic, int(partition), int(offset))

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True)
class DeadLetter:
    """A record that is not a trip: its bytes, and the error."""

    address: Address
    arrived_at: datetime
    record_key: bytes | None
    error_class: str
    error: str
    schema_id: int | None
    payload: bytes | None
    redriven_at: datetime | None

    @property
    def is_row(self) -> bool:
        """Whether it is a row that a table refused, rather than a record of a topic."""
        return self.error_class == REFUSED_BY_SINK


@dataclass(frozen=True)
class ClassCount:
    """The number of letters with an error class, and of those that were re-driven."""

    error_class: str
    letters: int
    redriven: int
    newest_at: datetime


@dataclass(frozen=True)
class DeadLetterStore:
    """All dead letters of a sink."""

    dsn: str

    def counts(self, error_class: str | None = None) -> list[ClassCount]:
        """Count the letters by error class, the class of the newest letter first."""
        return [ClassCount(*row) for row in self._rows(COUNTS, error_class=error_class)]

    def newest(self, error_class: str | None, limit: int) -> list[DeadLetter]:
        """List the newest letters."""
        return [_letter(row) for row in self._rows(NEWEST, error_class=error_class, limit=limit)]

    def at(self, address: Address) -> DeadLetter:
        """Return the letter of this address; raises UserError when there is none."""
        where = {"topic": address.topic, "partition": address.partition, "offset": address.offset}
        rows = self._rows(AT_ADDRESS, **where)
        if not rows:
            raise UserError(
                f"there is no dead letter {address}", "run ./taxi dead-letters list to see the newest"
            )
        return _letter(rows[0])

    def not_redriven(self, topic: str, error_class: str | None) -> Iterator[list[DeadLetter]]:
        """Yield the letters that were never re-driven, in the order of their addresses, by pages."""
        last = Address(topic, -1, -1)
        while page := self._page_after(last, error_class):
            yield page
            last = page[-1].address

    def mark_redriven(self, letters: Sequence[DeadLetter]) -> None:
        """Mark these letters as published again, all or none."""
        for topic in {letter.address.topic for letter in letters}:
            addresses = [letter.address for letter in letters if letter.address.topic == topic]
            parameters = {
                "topic": topic,
                "partitions": [address.partition for address in addresses],
                "offsets": [address.offset for address in addresses],
            }
            database.query(self.dsn, MARK_REDRIVEN, parameters)

    def _page_after(self, last: Address, error_class: str | None) -> list[DeadLetter]:
        place = {"topic": last.topic, "partition": last.partition, "offset": last.offset}
        rows = self._rows(NOT_REDRIVEN, error_class=error_class, limit=PAGE, **place)
        return [_letter(row) for row in rows]

    def _rows(self, text: str, **parameters: object) -> Sequence[tuple[Any, ...]]:
        return database.query(self.dsn, text, parameters).rows


def _letter(row: tuple[Any, ...]) -> DeadLetter:
    return DeadLetter(Address(*row[:3]), *row[3:])
