"""The operator that keeps the source's watermark, on a few records: no Flink runs, only its Java."""

import subprocess

import pytest

from stack.toolchain.java import java

pytestmark = pytest.mark.unit

EMITTED, EMITTED_IDLE = -1, -2
END = 2**63 - 1


def sent_on(classes: str, *lines: str, bounded: bool = False) -> list[str]:
    """Return what the operator emits for this input; watermarks stay 60 behind the records."""
    brief = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    command = [java(), *brief, "-cp", classes, "nyc.taxi.flink.WatermarkProbe", *["bounded"] * bounded]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True)
    store, *emitted = done.stdout.splitlines()
    assert store == ("getListState" if bounded else "getUnionListState")
    return emitted


def test_a_record_is_told_how_far_those_before_it_on_its_partition_had_come(classes: str) -> None:
    # The subtask's watermark waits for partition 1, the answer for partition 0 does not.
    first = ("record 0 1000", "record 1 300", "watermark 240")
    then = ("record 0 500", "record 1 400", "record 0 2000")
    assert sent_on(classes, "open", *first, *then) == [
        "record 0 1000 closed until never",
        "record 1 300 closed until never",
        "watermark 240",
        "record 0 500 closed until 940",
        "record 1 400 closed until 240",
        "record 0 2000 closed until 940",
    ]


def test_what_was_known_before_a_restart_is_known_before_the_first_record(classes: str) -> None:
    # Two subtasks had come to 940 and to 700, from which the windows follow the lesser; partition 3 is new.
    state = ("entry -1 940", "entry -1 700", "entry 0 940", "entry 1 700", "entry 0 800")
    lines = ("record 0 100", "record 3 100", "watermark 40", "watermark 750")
    assert sent_on(classes, *state, "open", *lines) == [
        "watermark 700",
        "record 0 100 closed until 940",
        "record 3 100 closed until 700",
        "watermark 750",
    ]


def test_a_restored_watermark_is_sent_on_although_no_record_comes(classes: str) -> None:
    assert sent_on(classes, "entry -1 700", "open", "wait 1") == ["watermark 700"]


def test_a_partition_without_further_records_goes_on_from_where_it_was(classes: str) -> None:
    state = ("entry -1 700", "entry 0 940", "entry 10 700")
    asked = ("split trips-0", "split trips-10", "split trips-3")
    assert sent_on(classes, *state, "open", *asked) == [
        "trips-0 from 940", "trips-10 from 700", "trips-3 from null"
    ]  # fmt: skip


def test_what_is_kept_is_what_was_restored_and_what_came_since(classes: str) -> None:
    # A checkpoint before the first record keeps all; a partition of another subtask is kept as it was.
    kept = ["entry -1 700", "entry 0 940", "entry 1 700"]
    assert sent_on(classes, *kept, "open", "snapshot") == kept
    assert sent_on(classes, *kept, "open", "record 1 2000", "watermark 1940", "snapshot")[2:] == [
        "watermark 1940", "entry -1 1940", "entry 0 940", "entry 1 1940"
    ]  # fmt: skip


def test_a_subtask_without_a_partition_is_idle_after_a_while_and_restrains_no_restart(classes: str) -> None:
    restored = ("entry -1 700", "open", "idle")
    assert sent_on(classes, *restored, "wait 19999") == ["watermark 700"]
    emitted = sent_on(classes, *restored, "wait 20000", "snapshot")
    assert emitted == ["watermark 700", "idle", f"entry {EMITTED_IDLE} 700"]
    others = (f"entry {EMITTED_IDLE} 700", f"entry {EMITTED} 900", "open", "wait 0")
    assert sent_on(classes, *others) == ["watermark 900"]
    assert sent_on(classes, f"entry {EMITTED_IDLE} 700", "open", "wait 0") == ["watermark 700"]


def test_a_subtask_that_gets_its_partition_in_time_was_never_idle(classes: str) -> None:
    lines = ("idle", "wait 1000", "active", "wait 90000", "record 0 1000", "watermark 940")
    assert sent_on(classes, "open", *lines) == ["record 0 1000 closed until never", "watermark 940"]


@pytest.mark.parametrize("news", [("record 0 1000",), ("wait 1",)])
def test_a_subtask_that_gets_a_partition_when_it_was_idle_fails_and_sends_nothing_of_it(
    classes: str, news: tuple[str, ...]
) -> None:
    emitted = sent_on(classes, "open", "idle", "wait 20000", "active", *news)
    assert emitted == ["idle", "failed: FlinkRuntimeException"]


def test_the_end_of_the_topic_wakes_an_idle_subtask_and_fails_nothing(classes: str) -> None:
    emitted = sent_on(classes, "open", "idle", "wait 20000", "active", f"watermark {END}", "wait 1")
    assert emitted == ["idle", f"watermark {END}"]


def test_the_subtasks_of_a_bounded_run_end_instead(classes: str) -> None:
    emitted = sent_on(classes, "open", "idle", "wait 90000", "active", f"watermark {END}", bounded=True)
    assert emitted == [f"watermark {END}"]
