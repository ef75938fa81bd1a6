"""The everyday commands of the README work when they are typed after the demo."""

import re
import subprocess
from pathlib import Path

import pytest

from stack.settings import ROOT, user_environment
from tests.platform import Platform

ROWS = 2000


def everyday_commands() -> list[str]:
    """Read the lines below the README's heading, without comments."""
    section = (ROOT / "README.md").read_text("utf-8").partition("## Everyday commands")[2]
    lines = re.findall(r"^(\./taxi .*?)(?: {2,}#.*)?$", section.partition("## ")[0], re.MULTILINE)
    return [line.strip() for line in lines]


@pytest.mark.unit
def test_the_everyday_commands_are_ten_and_the_last_stops_the_stack() -> None:
    commands = everyday_commands()
    assert len(commands) == 10
    assert commands[-1] == "./taxi down"


@pytest.mark.integration
@pytest.mark.long("it builds the marts; each command has tests of its own")
def test_each_everyday_command_works_after_a_month_was_replayed(
    platform: Platform, stack_environment: dict[str, str], tmp_path: Path
) -> None:
    environment = {**user_environment(), **stack_environment, "TLC_DATA_DIR": str(tmp_path)}

    def typed(line: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "-c", line]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    for month in ("2023-12", "2024-01"):
        file = tmp_path / f"green_tripdata_{month}.parquet"
        made = typed(f"./taxi generate --taxi-type green --month {month} --rows {ROWS} --to {file}")
        assert made.returncode == 0, made.stderr
    assert platform.replay(tmp_path / "green_tripdata_2023-12.parquet").returncode == 0
    platform.balanced_ledger()
    # The last one stops the stack, which other tests use.
    results = {line: typed(line) for line in everyday_commands()[:-1]}
    assert {line: result.stderr for line, result in results.items() if result.returncode} == {}
