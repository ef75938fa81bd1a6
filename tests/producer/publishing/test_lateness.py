"""Whether what is left of a replay may still be published, decided from its ledger and the topic's tails."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from producer.publishing.pace import Pace
from producer.publishing.replay import ReplayRequest, closing_clock_of, is_overtaken, late_trips, refuse_late
from producer.publishing.replay_ledger import ReplayLedger, ReplayProgress
from producer.reading.prepared import Span, span_of
from schemas.errors import UserError
from tests.producer.months import dropoff, green_parquet, prepared

pytestmark = pytest.mark.unit

TEN = 1_583_056_800_000  # 2020-03-01 10:00
MINUTE = 60_000


@dataclass(frozen=True)
class Interrupted:
    """A replay of three trips that was killed."""

    span: Span
    ledger: ReplayLedger
    entry: ReplayProgress

    @property
    def closing_ms(self) -> int:
        return closing_clock_of(self.span, None)

    def is_overtaken(self, tails_ms: dict[int, int]) -> bool:
        return is_overtaken(self.closing_ms, self.ledger, tails_ms)


def interrupted_at(home: Path, next_row: int) -> Interrupted:
    """Trips at 10:00, 10:20 and 10:40, acknowledged up to a row; the ledger says so."""
    file = green_parquet(home, *(dropoff(f"2020-03-01 10:{minute}:00") for minute in ("00", "20", "40")))
    span = span_of(prepared(file, home / "cache").path)
    entry = ReplayProgress((file.name,), "trips", (next_row, next_row), span.end_row, TEN)
    ledger = ReplayLedger.of(home, "fingerprint", "topic-id")
    ledger.write(entry)
    return Interrupted(span, ledger, entry)


@pytest.mark.parametrize(
    ("to", "closing"),
    [
        (
            None,
            "10:56:01",
        ),  # 10:40 is last in the window that ends at 10:55, a minute and a second behind the clock
        ("10:41", "10:42:01"),  # the window that ends at 10:41 closes; what follows from there on is not late
        ("11:30", "10:56:01"),  # the month ends long before
    ],
)
def test_the_clock_closes_the_windows_up_to_where_the_replay_is_to_end_but_none_after_its_trips(
    tmp_path: Path, to: str | None, closing: str
) -> None:
    span = interrupted_at(tmp_path, next_row=0).span
    latest_ms = None if to is None else up_to(to).latest_closing_ms
    assert closing_clock_of(span, latest_ms) == TEN + since_ten(closing)


def up_to(clock: str) -> ReplayRequest:
    """A replay with `--to`."""
    return ReplayRequest([], Pace(1), to_at=datetime.fromisoformat(f"2020-03-01 {clock}"))


def since_ten(clock: str) -> int:
    """Milliseconds from ten o'clock on."""
    hours, minutes, seconds = map(int, clock.split(":"))
    return ((hours - 10) * 60 + minutes) * MINUTE + seconds * 1000


def test_trips_that_follow_the_end_of_a_part_are_not_late(tmp_path: Path) -> None:
    # 10:00 ─ 10:20 ─ replayed to 10:40, so that the stream stands there ─ 10:40
    interrupted = interrupted_at(tmp_path, next_row=2)
    part = span_of(interrupted.span.path, to_at=datetime.fromisoformat("2020-03-01 10:40"))
    assert part.trips == 2
    tails_ms = {0: closing_clock_of(part, up_to("10:40").latest_closing_ms)}
    assert late_trips(interrupted.span, interrupted.entry, tails_ms) is None


def test_what_an_interrupted_replay_has_sent_itself_does_not_overtake_it(tmp_path: Path) -> None:
    # acknowledged up to 10:00 │ killed with 10:20, 10:40 and the closing marker on their way
    interrupted = interrupted_at(tmp_path, next_row=1)
    assert not interrupted.is_overtaken({0: interrupted.closing_ms, 1: TEN + 20 * MINUTE})
    assert not interrupted.is_overtaken({})


def test_a_topic_past_the_closing_clock_has_overtaken(tmp_path: Path) -> None:
    interrupted = interrupted_at(tmp_path, next_row=1)
    assert interrupted.is_overtaken({0: interrupted.closing_ms + 1})


def test_a_replay_that_began_later_has_overtaken(tmp_path: Path) -> None:
    interrupted = interrupted_at(tmp_path, next_row=1)
    another = ReplayLedger.of(tmp_path, "another", "topic-id")
    another.write(interrupted.entry)
    later_ns = interrupted.ledger.path.stat().st_mtime_ns + 1
    os.utime(another.path, ns=(later_ns, later_ns))
    assert interrupted.is_overtaken({0: TEN + 20 * MINUTE})


@pytest.mark.parametrize(
    ("next_row", "refusal"),
    [
        (0, r"2 of 3 valid trips would"),
        (1, r"1 of 2 remaining valid trips would"),  # 10:20 is late, 10:00 is acknowledged
    ],
)
def test_only_trips_that_are_left_are_refused(tmp_path: Path, next_row: int, refusal: str) -> None:
    # 10:00 ─ 10:20 ─ stream at 10:30, has closed 10:28 ─ 10:40
    interrupted = interrupted_at(tmp_path, next_row)
    with pytest.raises(UserError, match=refusal):
        refuse(interrupted, {0: TEN, 1: TEN + 30 * MINUTE})


@pytest.mark.parametrize("next_row", [2, 3])
def test_nothing_is_refused_when_the_late_trips_are_acknowledged(tmp_path: Path, next_row: int) -> None:
    interrupted = interrupted_at(tmp_path, next_row)
    refuse(interrupted, {0: TEN + 30 * MINUTE})


def refuse(interrupted: Interrupted, tails_ms: dict[int, int]) -> None:
    refuse_late(
        interrupted.span, interrupted.entry, late_trips(interrupted.span, interrupted.entry, tails_ms)
    )


def test_nothing_is_late_on_an_empty_topic(tmp_path: Path) -> None:
    interrupted = interrupted_at(tmp_path, next_row=0)
    refuse(interrupted, {})
