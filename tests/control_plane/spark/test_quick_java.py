"""Spark starts quickly for small months, and is left to optimise for large ones."""

from pathlib import Path

import pytest

from control_plane.spark.quick_java import SMALL_BYTES, java_options

pytestmark = pytest.mark.unit


def arguments(raw: object, *months: str, taxi_type: str = "green") -> list[str]:
    options = [word for month in months for word in ("--month", month)]
    return ["process", "--taxi-type", taxi_type, *options, "--raw", str(raw), "--processed", "there"]


def month(raw: Path, text: str, size: int) -> None:
    """A file of this size that takes no space."""
    with (raw / f"green_tripdata_{text}.parquet").open("wb") as file:
        file.truncate(size)


def test_java_compiles_little_for_months_that_are_small_together(tmp_path: Path) -> None:
    month(tmp_path, "2023-01", SMALL_BYTES // 2)
    month(tmp_path, "2023-02", SMALL_BYTES // 2)
    month(tmp_path, "2023-03", SMALL_BYTES)
    option, java = java_options(arguments(tmp_path, "2023-01:2023-02"))
    assert (option, java.split()) == (
        "--driver-java-options",
        ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"],
    )
    assert java_options(arguments(tmp_path, "2023-01", "2023-03")) == ()


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        arguments("s3://bucket/raw", "2023-01"),
        arguments("/folder", "2023-13"),
        arguments("/folder", "2023-01", taxi_type="pink"),
        ["process", "--taxi-type", "green", "--month=2023-01", "--raw", "/folder"],
    ],
    ids=str,
)
def test_arguments_that_name_no_local_month_change_nothing(words: list[str]) -> None:
    assert java_options(words) == ()
