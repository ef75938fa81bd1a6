"""The operator that counts rows in memory, on a few rows: no Flink runs, only its Java."""

import subprocess

import pytest

from stack.toolchain.java import java

pytestmark = pytest.mark.unit

QUARTER = 15 * 60 * 1000
ROWS = ("row green 0", "row fhvhv 1", f"row green {QUARTER - 1}", f"row green {QUARTER}", "row green 2")
COUNTS = ["fhvhv 0 1", "green 0 3", f"green {QUARTER} 1"]


def emitted(classes: str, *lines: str) -> list[str]:
    """Return the text, quarter and count of each row that the operator emits for this input."""
    brief = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    command = [java(), *brief, "-cp", classes, "nyc.taxi.flink.FoldProbe"]
    written = "\n".join(lines)
    done = subprocess.run(command, input=written, stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    return done.stdout.splitlines()


@pytest.mark.parametrize("occasion", ["second", "checkpoint", "finish"])
def test_rows_that_share_one_object_are_counted_each_under_its_own_text_and_quarter(
    classes: str, occasion: str
) -> None:
    assert sorted(emitted(classes, *ROWS, occasion)) == COUNTS


def test_what_was_emitted_is_counted_from_zero(classes: str) -> None:
    assert emitted(classes, *ROWS, "checkpoint", "row yellow 5", "finish")[len(COUNTS) :] == ["yellow 0 1"]
