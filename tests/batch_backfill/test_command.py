"""What is wrong with a command is said in one line, before Spark is started."""

import pytest

from batch_backfill.cli import main
from batch_backfill.settings import BatchSettings
from batch_backfill.summary import MonthSummary, as_table
from schemas.errors import UserError

pytestmark = pytest.mark.unit

WHERE = ["--raw", "raw", "--processed", "processed"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--taxi-type", "green", "--month", "2024-13", *WHERE], "'2024-13' is not a month"),
        (["--taxi-type", "pink", "--month", "2024-01", *WHERE], "unknown taxi type 'pink'"),
        (["--taxi-type", "green", "--month", "2024-02:2024-01", *WHERE], "ends before it begins"),
        (["--taxi-type", "green", "--month", "2024-01", "--processed", "here"], "--raw is missing"),
    ],
)
def test_a_wrong_wish_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAW_DATA", raising=False)
    assert main(["process", *arguments]) == 1
    complaint = capsys.readouterr().err
    assert (message in complaint, complaint.count("\n")) == (True, 1), complaint


def test_a_setting_that_makes_no_sense_is_named() -> None:
    with pytest.raises(UserError, match="invalid setting ROWS_PER_FILE=many; give a whole number"):
        BatchSettings.from_environment({"ROWS_PER_FILE": "many"})


def test_the_table_has_a_line_a_month_and_the_reasons_of_those_that_failed() -> None:
    good = MonthSummary("green", "2024-01", "processed", rows_read=1_200, accepted=1_100, quarantined=100)
    bad = MonthSummary("green", "2024-02", "failed", error="green_tripdata_2024-02.parquet: is empty")
    table = as_table([good, bad]).splitlines()
    assert table[1].split()[:4] == ["green", "2024-01", "1,200", "1,100"]
    assert table[-1] == "failed: green 2024-02: green_tripdata_2024-02.parquet: is empty"
