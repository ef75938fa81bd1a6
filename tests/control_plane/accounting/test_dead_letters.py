"""Reading what is no trip, as far as it goes."""

import io
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import fastavro
import pytest

from control_plane.accounting.dead_letters import decoding
from control_plane.accounting.dead_letters.letters import Address, DeadLetter
from control_plane.accounting.dead_letters.redrive import RedriveOptions, may_be_published
from schemas.errors import UserError
from taxi_cli.commands.dead_letters import hex_dump

pytestmark = pytest.mark.unit

RIDE = {
    "type": "record",
    "name": "Ride",
    "fields": [{"name": "zone", "type": "int"}, {"name": "note", "type": "string"}],
}
KNOWN = 7


class FixedRegistry(decoding.Registry):
    """Knows one schema without asking anybody."""

    def __init__(self) -> None:
        super().__init__("http://unused")

    def schema(self, number: int) -> dict[str, Any] | None:
        return RIDE if number == KNOWN else None


def framed(number: int = KNOWN) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(RIDE), {"zone": 74, "note": "ten letters"})
    return struct.pack(">bI", 0, number) + body.getvalue()


def test_a_sound_record_is_read_whole() -> None:
    reading = decoding.read(framed(), FixedRegistry())
    assert (reading.fields, reading.is_whole) == ({"zone": 74, "note": "ten letters"}, True)


@pytest.mark.parametrize(
    ("payload", "fields", "fault"),
    [
        (None, {}, "it has no frame"),
        (b"\x07 no", {}, "it has no frame"),
        (b"\x00\x00", {}, "it has no frame"),
        (framed()[:5], {}, "zone cannot be decoded"),
        (framed(8), {}, "the registry does not know schema 8"),
        (framed()[:-3], {"zone": 74}, "note cannot be decoded"),
        (
            framed() + b"\x00\x00",
            {"zone": 74, "note": "ten letters"},
            "2 bytes follow the last field",
        ),
    ],
)
def test_a_broken_record_is_read_as_far_as_it_goes(
    payload: bytes | None, fields: dict[str, Any], fault: str
) -> None:
    reading = decoding.read(payload, FixedRegistry())
    assert reading.fields == fields
    assert fault in reading.fault


def test_another_schema_id_changes_the_frame_and_nothing_else() -> None:
    assert decoding.with_schema_id(framed(8), KNOWN) == framed()
    assert decoding.with_schema_id(b"\x07 no", KNOWN) == b"\x07 no"


def test_a_hex_dump_shows_sixteen_bytes_a_line_and_counts_those_that_it_leaves_out() -> None:
    lines = hex_dump(b"0123456789abcdef\x00!")
    assert lines[0] == "00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef"
    assert lines[1].split() == ["00000010", "00", "21", ".!"]
    assert hex_dump(b"0" * 1100)[-1] == "… 76 more bytes"


def test_a_row_that_a_table_refused_is_read_by_its_columns_and_never_published() -> None:
    address = Address.parse("all_trips/0/4611686018427387904")
    payload = b'{"passenger_count":"13","trip_type":null}'
    at = datetime(2024, 1, 10, tzinfo=UTC)
    row = DeadLetter(address, at, None, "refused_by_sink", "23514 in all_trips: …", None, payload, None)
    assert decoding.read_row(payload).fields == {"passenger_count": "13", "trip_type": None}
    assert not may_be_published(row, RedriveOptions(force=True), FixedRegistry())


class Schemas(BaseHTTPRequestHandler):
    """A registry that knows one schema and notes what it is asked for."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        is_known = self.path.endswith(f"/schemas/ids/{KNOWN}")
        self.send_response(200 if is_known else 404)
        self.end_headers()
        if is_known:
            self.wfile.write(json.dumps({"schema": json.dumps(RIDE)}).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry_url() -> Iterator[str]:
    Schemas.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Schemas) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_registry_is_asked_once_for_each_schema_also_for_one_that_it_does_not_know(
    registry_url: str,
) -> None:
    registry = decoding.Registry(registry_url)
    assert [registry.schema(number) for number in (KNOWN, 8, KNOWN, 8)] == [RIDE, None, RIDE, None]
    assert Schemas.asked == [f"/schemas/ids/{KNOWN}", "/schemas/ids/8"]


def test_an_address_is_read_as_it_is_printed_and_anything_else_is_refused_with_an_example() -> None:
    assert str(Address.parse("trips/0/17")) == "trips/0/17"
    with pytest.raises(UserError, match="for example trips/0/17"):
        Address.parse("trips-0-17")
