"""What is typed for another program reaches it as it was typed."""

from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from taxi_cli.commands import inspect
from taxi_cli.main import app

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "arguments", [["--", "-green_tripdata_2024-01.csv"], ["--force", "a.csv"], ["a b.csv", "--", "--help"]]
)
def test_a_file_whose_name_begins_with_a_dash_stays_a_file(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[Sequence[str]] = []
    monkeypatch.setattr(inspect, "run_producer", lambda _command, words, **_: passed.append(words))
    assert CliRunner().invoke(app, ["inspect", *arguments]).exit_code == 0
    assert passed == [arguments]
