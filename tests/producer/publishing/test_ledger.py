"""The ledger survives a crash at any moment."""

import os
from pathlib import Path

import pytest

from producer.publishing.home_lock import only_publisher_of_home
from producer.publishing.replay_ledger import ReplayLedger, ReplayProgress
from schemas.errors import UserError

pytestmark = pytest.mark.unit

ENTRY = ReplayProgress(
    files=("green_tripdata_2020-03.csv.gz",), topic="trips", next_rows=(5, 7), end_row=9, clock_ms=60_000
)


def test_an_entry_comes_back_as_it_was_written(tmp_path: Path) -> None:
    ledger = ReplayLedger.of(tmp_path, "fingerprint", "topic-id")
    ledger.write(ENTRY)
    assert ledger.read() == ENTRY


def test_a_replay_into_a_topic_made_anew_is_new(tmp_path: Path) -> None:
    ReplayLedger.of(tmp_path, "fingerprint", "topic-id").write(ENTRY)
    assert ReplayLedger.of(tmp_path, "fingerprint", "other-id").read() is None


def test_a_crash_while_writing_leaves_the_old_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = ReplayLedger.of(tmp_path, "fingerprint", "topic-id")
    ledger.write(ENTRY)

    def crash(_descriptor: int) -> None:
        raise OSError("power cut")

    monkeypatch.setattr("os.fsync", crash)
    with pytest.raises(OSError, match="power cut"):
        ledger.write(ReplayProgress(**vars(ENTRY) | {"next_rows": (7, 7)}))
    assert ledger.read() == ENTRY


@pytest.mark.parametrize("content", ["", "{", "[]", '{"files": []}', '{"files": [], "unknown": 1}'])
def test_a_damaged_entry_is_no_entry(tmp_path: Path, content: str) -> None:
    ledger = ReplayLedger.of(tmp_path, "fingerprint", "topic-id")
    ledger.write(ENTRY)
    ledger.path.write_text(content, "utf-8")
    assert ledger.read() is None


@pytest.mark.parametrize(
    ("other", "written_later_by_ns", "is_older"),
    [
        ("other@topic-id", 1, True),
        ("other@topic-id", 0, False),
        ("other@topic-id", -1, False),
        ("other@other-id", 1, False),  # a topic made anew
    ],
)
def test_an_entry_knows_whether_another_replay_has_begun_since(
    tmp_path: Path, other: str, written_later_by_ns: int, is_older: bool
) -> None:
    ledger = ReplayLedger.of(tmp_path, "fingerprint", "topic-id")
    another = ReplayLedger.of(tmp_path, *other.split("@"))
    for written, at_ns in ((ledger, 10**18), (another, 10**18 + written_later_by_ns)):
        written.write(ENTRY)
        os.utime(written.path, ns=(at_ns, at_ns))
    assert ledger.is_older_than_another() is is_older


def test_all_trips_before_the_row_of_the_last_partition_are_acknowledged() -> None:
    assert ENTRY.next_row == 5


@pytest.mark.parametrize(("partitions", "next_rows"), [(2, (5, 7)), (3, (5, 5, 5))])
def test_added_partitions_start_where_the_last_one_stands(
    partitions: int, next_rows: tuple[int, ...]
) -> None:
    assert ENTRY.next_rows_on(partitions) == next_rows


def test_only_one_replay_publishes_to_a_topic(tmp_path: Path) -> None:
    with (
        only_publisher_of_home("trips", tmp_path, "id", "the first"),
        pytest.raises(UserError, match="another replay is publishing to topic trips: the first;"),
        only_publisher_of_home("trips", tmp_path, "id", "the second"),
    ):
        pass


def test_the_next_replay_may_publish_when_the_first_is_over(tmp_path: Path) -> None:
    for name in ("the first", "the second"):
        with only_publisher_of_home("trips", tmp_path, "id", name) as lock:
            lock.seek(0)
            assert lock.read() == name


def test_partitions_that_any_replay_into_the_topic_has_known_are_known(tmp_path: Path) -> None:
    other, new = (ReplayLedger.of(tmp_path, name, "topic-id") for name in ("other", "new"))
    assert new.known_partitions() == 0
    other.write(ENTRY)
    ReplayLedger.of(tmp_path, "other", "other-id").write(
        ReplayProgress(**vars(ENTRY) | {"next_rows": (0, 0, 0)})
    )
    assert new.known_partitions() == 2
