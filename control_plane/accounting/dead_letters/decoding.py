"""Decodes a record's bytes as far as possible, with the schemas that the registry has now."""

import io
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fastavro
import httpx

from schemas.errors import TransientError, UserError
from schemas.retries import with_retries

HEADER_BYTES = 5
MAGIC = b"\x00"


@dataclass(frozen=True)
class DecodedPayload:
    """The decoded fields, in order, and the error that stopped the rest; `schema` is a name."""

    fields: Mapping[str, Any]
    fault: str
    schema: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every byte was decoded."""
        return not self.fault


class Registry:
    """A read-only client of the schema registry."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.Client(
            base_url=url, timeout=10, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._schemas: dict[int, dict[str, Any] | None] = {}

    def schema(self, number: int) -> dict[str, Any] | None:
        """Return the schema of this id; None when the registry does not have it."""
        if number not in self._schemas:
            self._schemas[number] = with_retries(
                lambda: self._fetch_schema(number), what=f"the schema registry at {self._url}"
            )
        return self._schemas[number]

    def _fetch_schema(self, number: int) -> dict[str, Any] | None:
        try:
            answer = self._client.get(f"/schemas/ids/{number}")
        except httpx.TransportError as failure:
            raise TransientError("the schema registry does not answer", "see ./taxi status") from failure
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.is_error:
            kind = TransientError if answer.is_server_error else UserError
            raise kind(f"the schema registry answered {answer.status_code} for schema {number}")
        schema: dict[str, Any] = json.loads(answer.json()["schema"])
        return schema


def schema_id_of(payload: bytes | None) -> int | None:
    """Return the schema id in the frame; None without a frame."""
    if payload is None or len(payload) < HEADER_BYTES or payload[:1] != MAGIC:
        return None
    number: int = struct.unpack(">i", payload[1:HEADER_BYTES])[0]
    return number


def with_schema_id(payload: bytes | None, number: int) -> bytes | None:
    """Replace the schema id of a record; a payload without a frame is unchanged."""
    if payload is None or schema_id_of(payload) is None:
        return payload
    return MAGIC + struct.pack(">i", number) + payload[HEADER_BYTES:]


def read(payload: bytes | None, registry: Registry) -> DecodedPayload:
    """Decode as many fields as possible."""
    number = schema_id_of(payload)
    if payload is None or number is None:
        return DecodedPayload(
            {}, "it has no frame: a zero byte and a schema id of four bytes must come first"
        )
    schema = registry.schema(number)
    if schema is None:
        return DecodedPayload({}, f"the registry does not know schema {number}")
    return _read_fields(schema, io.BytesIO(payload[HEADER_BYTES:]))


def read_row(payload: bytes) -> DecodedPayload:
    """Decode a row that a table refused; every value is a text or null."""
    return DecodedPayload(json.loads(payload), "", "a row of the job")


def _read_fields(schema: dict[str, Any], body: io.BytesIO) -> DecodedPayload:
    name = f"{schema['namespace']}.{schema['name']}" if "namespace" in schema else str(schema.get("name"))
    fields: dict[str, Any] = {}
    known: dict[str, Any] = {}
    for field in schema.get("fields", []):
        try:
            fields[field["name"]] = fastavro.schemaless_reader(
                body, fastavro.parse_schema(field["type"], named_schemas=known), None
            )
        except Exception as failure:  # any bytes may come here, also those that are not a trip
            return DecodedPayload(
                fields, f"{field['name']} cannot be decoded ({type(failure).__name__})", name
            )
    left = len(body.read())
    return DecodedPayload(fields, f"{left} bytes follow the last field" if left else "", name)
