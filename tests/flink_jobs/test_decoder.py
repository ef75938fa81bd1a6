"""The decoder of the trips topic, on bytes: no Flink runs, only its Java."""

import json
import subprocess
from collections.abc import Iterator, Mapping

import pytest

from schemas import trip
from schemas.flink_columns import FORMAT, column_parameters
from schemas.trip_columns import current_columns
from stack.toolchain.java import java
from tests.poison import STRANGE_SCHEMA, poison
from tests.records import IDENTITY, framed

pytestmark = pytest.mark.unit

CURRENT, STRANGE = 1, 2
OUTCOMES = {"row", "truncated", "trailing_bytes", "wrong_type", "missing_value", "impossible_value"}


def outputs(classes: str, *lines: str) -> list[str]:
    """Return what the probe prints for these lines, with the columns and limits of the trips topic."""
    # Without stack traces for frequent exceptions, the JVM would also leave out their messages.
    options = ("-XX:-OmitStackTraceInFastThrow", "-XX:+UseSerialGC", "-Xmx512m")
    command = [java(), *options, "-cp", classes, "nyc.taxi.flink.DecoderProbe"]
    written = "\n".join([*declarations(), "open", *lines])
    done = subprocess.run(command, input=written, stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    return done.stdout.splitlines()


def declarations() -> Iterator[str]:
    """Yield the columns of the table and the options of its format."""
    for column in current_columns():
        yield f"column {column.name} {column.types.flink}"
    # The format also reads types that no column of a trip has.
    yield "column is_shared boolean"
    yield "column surge float"
    parameters = column_parameters()
    yield f"option required-fields {parameters['required_trip_columns']}"
    yield f"option uuid-fields {parameters['uuid_trip_columns']}"
    for option in parameters["trip_bounds"].split(",\n"):
        name, _, value = option.strip().replace("'", "").partition(" = ")
        yield f"option {name.removeprefix(f'value.{FORMAT}.')} {value}"


def schema(number: int, record: Mapping[str, object]) -> str:
    """Return the line that registers a schema."""
    return f"schema {number} {json.dumps(record)}"


def decoded(message: bytes | None) -> str:
    """Return the line that decodes a message."""
    return "decode" if message is None else f"decode {message.hex()}"


def test_each_record_that_is_no_trip_has_the_class_of_its_fault(classes: str) -> None:
    records = poison(CURRENT, STRANGE)
    known = (schema(CURRENT, trip.current().record), schema(STRANGE, STRANGE_SCHEMA))
    found = outputs(classes, *known, *(decoded(record) for _, record in records))
    assert [line.partition(" ")[0] for line in found] == [error_class for error_class, _ in records]


def test_only_a_uuid_in_lower_case_with_its_hyphens_is_an_identity(classes: str) -> None:
    others = (
        IDENTITY.upper(), IDENTITY.replace("-", "0"), IDENTITY[1:] + "-", f"{IDENTITY}0", IDENTITY[1:],
        IDENTITY.replace("7", "g"), IDENTITY.replace("7", "é")[:35], "-" * 36, "",
    )  # fmt: skip
    lines = [decoded(framed(CURRENT, trip_id=text)) for text in (*others, IDENTITY)]
    *faults, row = outputs(classes, schema(CURRENT, trip.current().record), *lines)
    assert faults == ["impossible_value trip_id is not a UUID"] * len(others)
    assert row.startswith(f"row +I({IDENTITY},green,f,")


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long("a second drawing of schemas"))])
def test_any_writer_s_records_give_the_rows_and_faults_of_a_generic_record(classes: str, seed: int) -> None:
    published = [schema(version.version, version.record) for version in trip.all_versions()]
    differences, *counts = outputs(classes, *published, f"compare {seed} 200")
    assert differences == "0 differences"
    assert {count.partition(" ")[0] for count in counts} >= OUTCOMES
