"""Which dead letters are published again, and which stay because they still are no trips."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from control_plane.accounting.dead_letters import decoding, redrive
from control_plane.accounting.dead_letters.letters import Address, DeadLetter
from control_plane.accounting.dead_letters.redrive import RedriveOptions, RedriveResult
from schemas.errors import UserError
from stack.endpoints import Endpoints
from tests.control_plane.accounting.test_dead_letters import KNOWN, FixedRegistry, framed

pytestmark = pytest.mark.unit

UNKNOWN = 8


def letter(offset: int, payload: bytes | None, error_class: str = "unknown_schema") -> DeadLetter:
    at = datetime.fromisoformat("2024-01-10 12:00")
    return DeadLetter(Address("trips", 0, offset), at, b"key", error_class, "why", None, payload, None)


SOUND = letter(1, framed())
OF_AN_UNKNOWN_SCHEMA = letter(2, framed(UNKNOWN))
TORN = letter(3, framed()[:-3], "torn")
REFUSED = [letter(4, framed(), "missing_value"), letter(5, framed(), "impossible_value")]
EMPTY = letter(6, None, "no_value")
LETTERS = [SOUND, OF_AN_UNKNOWN_SCHEMA, TORN, *REFUSED, EMPTY]


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[list[DeadLetter]]:
    """The pages that would be published, with a registry that knows one schema."""
    pages: list[list[DeadLetter]] = []

    @contextmanager
    def publication(*_: object) -> Iterator[Any]:
        yield SimpleNamespace(publish=lambda page: pages.append(list(page)))

    monkeypatch.setattr(redrive, "_publication", publication)
    monkeypatch.setattr(decoding, "Registry", lambda _: FixedRegistry())
    return pages


def redriven(letters: Sequence[DeadLetter], **options: Any) -> RedriveResult:
    endpoints = cast("Endpoints", SimpleNamespace(schema_registry_url=""))
    pages = iter([letters[:2], letters[2:]])
    return redrive.redrive(endpoints, "trips", pages, RedriveOptions(**options))


def test_letters_that_decode_now_are_published_and_the_others_stay_by_class(
    published: list[list[DeadLetter]],
) -> None:
    result = redriven(LETTERS)
    assert published == [[SOUND], []]
    assert result.redriven == 1
    assert result.held_back == {
        "unknown_schema": 1,
        "torn": 1,
        "missing_value": 1,
        "impossible_value": 1,
        "no_value": 1,
    }


def test_another_schema_is_tried_also_for_values_that_could_not_be_stored(
    published: list[list[DeadLetter]],
) -> None:
    mislabelled = letter(7, framed(UNKNOWN), "missing_value")
    assert redriven([OF_AN_UNKNOWN_SCHEMA, mislabelled, *REFUSED], schema_id=KNOWN).redriven == 2
    assert published == [[OF_AN_UNKNOWN_SCHEMA, mislabelled], []]
    options = RedriveOptions(schema_id=KNOWN)
    assert [options.payload_of(one) for one in (SOUND, OF_AN_UNKNOWN_SCHEMA, EMPTY)] == [
        framed(),
        framed(),
        None,
    ]


def test_by_force_all_are_published(published: list[list[DeadLetter]]) -> None:
    result = redriven(LETTERS, force=True)
    assert (published, result.redriven, result.held_back) == ([LETTERS[:2], LETTERS[2:]], len(LETTERS), {})


def test_a_schema_that_the_registry_does_not_know_is_refused_before_anything_is_published(
    published: list[list[DeadLetter]],
) -> None:
    with pytest.raises(UserError, match=f"does not know schema {UNKNOWN}"):
        redriven(LETTERS, schema_id=UNKNOWN)
    assert published == []
