"""Records that Avro takes and nobody would write: a trip's fields at random and at their ends."""

import json
import struct
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from schemas.trip_columns import LONGEST_TEXT, current_columns
from tests.records import IDENTITY, at, framed, millis

MONTH = date(2024, 1, 1)
DAY_MS = 86_400_000
INT, LONG = 2**31, 2**63

ORDINARY: Mapping[str, Any] = {
    "taxi_type": "green",
    "source_file": "green_tripdata_2024-01.parquet",
    "source_month": MONTH,
    "pickup_at": millis(at("08:00")),
    "dropoff_at": millis(at("08:10")),
    "pickup_zone_id": 74,
    "total_amount_cents": 1000,
}
"""A valid trip."""

DEPTHS_OF_A_LIST = 200_000
EMPTY_ITEMS = 2**62
COLLECTION_SCHEMA = {
    "type": "record",
    "name": "Collection",
    "fields": [{"name": "nothings", "type": {"type": "array", "items": "null"}}],
}
LIST_SCHEMA = {
    "type": "record",
    "name": "Link",
    "fields": [{"name": "next", "type": ["null", "Link"], "default": None}],
}

_TEXTS = st.one_of(
    st.sampled_from(
        ["", "\0", "green", "yellow", "Y", "\ud7ff\ufffd\U0010ffff", "'; drop table x; --", "{a,b}", "\\"]
    ),
    st.text(max_size=LONGEST_TEXT * 2),
    st.integers(0, 40_000).map(lambda length: "🚕" * (length // 4)),
)
_INSTANTS = st.one_of(
    st.integers(-LONG, LONG - 1),
    st.sampled_from([-LONG, LONG - 1, 0, -62_135_596_800_000, -62_135_596_800_001, 253_402_300_799_999]),
    st.integers(millis(at("00:00")) - 40 * DAY_MS, millis(at("00:00")) + 40 * DAY_MS),
)
_VALUES = {
    "uuid": st.one_of(st.uuids().map(str), st.sampled_from(["", IDENTITY, IDENTITY.upper()]), _TEXTS),
    "string": _TEXTS,
    "date": st.one_of(
        st.dates(),
        st.sampled_from([MONTH, date(1, 1, 1), date(9999, 12, 31), date(2041, 8, 1), date(2099, 12, 1)]),
    ),
    "local-timestamp-millis": _INSTANTS,
    "int": st.one_of(st.integers(-INT, INT - 1), st.integers(0, 266)),
    "long": st.one_of(st.integers(-LONG, LONG - 1), st.integers(-1, 100_001)),
    "double": st.floats(),
}


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    """A trip of which some fields, or all, hold anything that their type allows."""
    columns = current_columns()
    chosen = draw(st.sets(st.sampled_from([column.name for column in columns]), min_size=1))
    record = {**ORDINARY, "trip_id": str(draw(st.uuids()))}
    for column in columns:
        if column.name in chosen:
            values = _VALUES[column.avro_type]
            record[column.name] = draw(values if column.is_required else st.one_of(st.none(), values))
    return record


def random_records(number: int, *, count: int, drawn_by: int) -> list[bytes]:
    """So many records, the same for the same `drawn_by`; `number` is the schema's id in the registry."""
    records: list[bytes] = []

    @seed(drawn_by)
    @settings(
        max_examples=count, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck)
    )
    @given(fields())
    def collect(record: dict[str, Any]) -> None:
        records.append(framed(number, **record))

    collect()
    return records


def worst_records(number: int) -> dict[str, bytes]:
    """Records each of which stopped the job once, or could have, by what is bad about it."""
    lengths = {"an index row of 12,032 bytes": 12_000, "a megabyte": 900_000}
    return {
        **{
            f"{column} of {what}": framed(
                number, **{**ORDINARY, "trip_id": _id(column, what), column: "x" * length}
            )
            for what, length in lengths.items()
            for column in ("taxi_type", "source_file", "store_and_fwd_flag")
        },
        "a type that nobody knows": framed(
            number, **{**ORDINARY, "trip_id": _id("type"), "taxi_type": "blue"}
        ),
        "no number": framed(number, **{**ORDINARY, "trip_id": _id("nan"), "trip_distance": float("nan")}),
        "a number without end": framed(
            number, **{**ORDINARY, "trip_id": _id("inf"), "trip_distance": float("inf")}
        ),
        "a month before there were files": _month(number, date(1, 1, 1)),
        "the last month of all": _month(number, date(9999, 12, 1)),
    }


def far_month(number: int) -> bytes:
    """A trip that every rule takes for valid, of a month that no publisher's clock has reached."""
    return _month(number, date(2041, 8, 1))


def strange_schemas(collection: int, linked: int, no_avro: int) -> list[bytes]:
    """Records of schemas that are in the registry and of no trip: a few bytes that are much work."""
    return [
        struct.pack(">bI", 0, collection) + _varint(EMPTY_ITEMS) + b"\0",
        struct.pack(">bI", 0, linked) + b"\x02" * DEPTHS_OF_A_LIST + b"\0",
        struct.pack(">bI", 0, no_avro) + b'{"price": 1}',
    ]


def json_schema() -> str:
    """A schema of another kind, as others keep theirs in the same registry."""
    return json.dumps({"type": "object", "properties": {"price": {"type": "integer"}}})


def ordinary_trips(number: int, clocks: Sequence[str]) -> list[bytes]:
    """Valid trips that end at these times of the day."""
    return [
        framed(
            number,
            **{
                **ORDINARY,
                "trip_id": _id("ordinary", clock),
                "pickup_at": millis(at(clock)) - 600_000,
                "dropoff_at": millis(at(clock)),
            },
        )
        for clock in clocks
    ]


def _month(number: int, month: date) -> bytes:
    noon = (month - date(1970, 1, 1)).days * DAY_MS + DAY_MS // 2
    clocks = {"source_month": month, "pickup_at": noon, "dropoff_at": noon + 600_000}
    return framed(number, **{**ORDINARY, "trip_id": _id(str(month)), **clocks})


def _id(*names: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(names)))


def _varint(value: int) -> bytes:
    """A long as Avro writes it."""
    left, written = value << 1, bytearray()
    while left > 0x7F:
        written.append(left & 0x7F | 0x80)
        left >>= 7
    written.append(left)
    return bytes(written)
