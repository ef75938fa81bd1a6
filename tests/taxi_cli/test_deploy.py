"""`./taxi job deploy --side-by-side`, its former name, and the options that exclude each other."""

import re

import pytest

from tests.taxi_cli.conftest import InProcess

pytestmark = pytest.mark.unit

SIDE_BY_SIDE = "--side-by-side"
NO_STACK = "error: the stack is not running; start it with ./taxi up"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ([SIDE_BY_SIDE, "--fresh"], "error: --side-by-side excludes --fresh, --from and --dry-run; leave"),
        (
            [SIDE_BY_SIDE, "--from", "x"],
            "error: --side-by-side excludes --fresh, --from and --dry-run; leave",
        ),
        ([SIDE_BY_SIDE, "--dry-run"], "error: --side-by-side excludes --fresh, --from and --dry-run; leave"),
        (
            [SIDE_BY_SIDE, "--on", "managed-flink"],
            "error: --side-by-side is only possible on the local stack",
        ),
        (["--switch"], "error: --switch and --rebuild need --side-by-side; add it"),
        (["--rebuild"], "error: --switch and --rebuild need --side-by-side; add it"),
        (["--fresh", "--from", "x"], "error: --fresh and --from exclude each other; give one of them"),
        (["zone_fares-2", SIDE_BY_SIDE], "error: there is no job zone_fares-2; choose from: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_that_exclude_each_other_are_refused(
    options: list[str], line: str, taxi_here: InProcess
) -> None:
    refused = taxi_here("job", "deploy", *options)
    assert refused.code == 1
    assert refused.the_one_line.startswith(line)


def test_the_managed_service_of_the_settings_is_refused_too(
    taxi_here: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLINK_BACKEND", "managed-flink")
    refused = taxi_here("job", "deploy", SIDE_BY_SIDE)
    assert (refused.code, refused.the_one_line) == (
        1,
        "error: --side-by-side is only possible on the local stack; add --on local",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["deploy", SIDE_BY_SIDE, "--source", ".", "--switch", "--rebuild", "--json"],
        ["beside", "--source", ".", "--switch", "--rebuild", "--json"],
        ["beside", "--anew"],
    ],
    ids=" ".join,
)
def test_the_former_names_are_still_accepted(arguments: list[str], taxi_here: InProcess) -> None:
    result = taxi_here("job", *arguments)
    assert (result.code, result.the_one_line) == (1, NO_STACK)


def test_only_the_new_name_is_listed(taxi_here: InProcess) -> None:
    shown = taxi_here("job", "--help").stdout
    assert re.search(r"^│ deploy ", shown, re.MULTILINE)
    assert "beside" not in shown
