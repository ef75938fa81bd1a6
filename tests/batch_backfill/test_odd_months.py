"""Spark gives of every odd file the answer that the producer gives: the same counts, or the same refusal."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from control_plane.spark import local_submit as spark
from schemas.processed import TRIPS
from stack.settings import ROOT
from tests.batch_backfill.backfill import BatchBackfill
from tests.odd_months import GOOD, ODD_MONTHS, ROWS, Counts, parquet, trips

pytestmark = [
    pytest.mark.integration,
    pytest.mark.long("Spark takes two minutes for the odd months, which the producer reads in `make test`"),
]

MONTH = ("green", "2024-01")
AWKWARD = "a*b [x] {a,b} q?m per%20cent ha#sh \N{LATIN SMALL LETTER E WITH ACUTE}"
UNDER_A_WRONG_NAME = "a month under a wrong name"
PROGRAM = """
import json, sys
from batch_backfill.causes import explained
from batch_backfill.raw_months import raw_files
from batch_backfill.settings import BatchSettings
from batch_backfill.spark_session import open_session
from batch_backfill.storage import Storage
from batch_backfill.trips.job import counted, valid_trips
from batch_backfill.trips.raw_source import open_source
from schemas.errors import UserError
from schemas.tlc_month import parse_month

def read(raw):
    files = raw_files(storage, raw, parse_month("green", "2024-01"))
    sources = [open_source(session, storage, file, scratch=raw + "-scratch") for file in files]
    with counted(session, sources, BatchSettings().rows_for_one_task) as found:
        rows = valid_trips(found.trips).select("store_and_fwd_flag").collect()
        flags = sorted({str(row[0]) for row in rows})
        return {"valid": len(rows), "rejected": found.rejects, "rows": found.rows_read, "flags": flags}

session = open_session("odd months")
storage = Storage(session)
for odd, raw in json.loads(sys.argv[1]).items():
    try:
        answer = read(raw)
    except UserError as error:
        answer = {"error": str(error)}
    except Exception as error:
        answer = {"error": explained(error)}
    print(json.dumps([odd, answer]), flush=True)
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Any]]:
    """What Spark makes of each odd month, in one session."""
    folder = tmp_path_factory.mktemp("odd")
    raw = {odd: folder / str(number) for number, odd in enumerate(ODD_MONTHS)}
    for odd, month in ODD_MONTHS.items():
        month.written_to(raw[odd])
    done = subprocess.run(
        [spark.programs() / "python", "-c", PROGRAM, json.dumps({odd: str(at) for odd, at in raw.items()})],
        env={**os.environ, **spark.environment(folder / "home")},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.parametrize("odd", ODD_MONTHS)
def test_an_odd_month_is_read_or_refused_as_by_the_producer(
    odd: str, answers: Mapping[str, Mapping[str, Any]]
) -> None:
    right, answer = ODD_MONTHS[odd].right, answers[odd]
    if isinstance(right, Counts):
        assert "error" not in answer, answer
        assert Counts(answer["valid"], answer["rejected"]) == right
        assert answer["rows"] == right.valid + right.rejected
    else:
        assert right in answer["error"]
        assert "; " in answer["error"]  # the remedy


@pytest.mark.parametrize("odd", ["flags as booleans", "flags as numbers", "flags as words"])
def test_flags_are_y_and_n_whatever_made_them(odd: str, answers: Mapping[str, Mapping[str, Any]]) -> None:
    assert answers[odd]["flags"] == ["N"]


@pytest.fixture(scope="module")
def summaries(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Any]]:
    """What became of a month in an awkward folder, with a neighbour, and of one under a wrong name."""
    folder = tmp_path_factory.mktemp("whole")
    # The first one's home is the session's; Spark divides a list of such folders at its commas.
    runs = {name: BatchBackfill.below(made(folder / name)) for name in ("a*b x", AWKWARD, UNDER_A_WRONG_NAME)}
    for name in ("a*b x", AWKWARD):
        (runs[name].raw / "green_tripdata_2024-01.csv").write_bytes(GOOD)
        (runs[name].raw / "green_tripdata_2024-01.parquet").write_bytes(parquet(trips()))
    later = runs[UNDER_A_WRONG_NAME].raw / "green_tripdata_2024-01.csv"
    later.write_bytes(GOOD.replace(b"2024-01", b"2024-03"))
    found = BatchBackfill.process_all({name: (run, MONTH) for name, run in runs.items()})
    return {**found, "kept": {"rows": runs[AWKWARD].rows(TRIPS, *MONTH).shape[0]}}


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_path_is_a_path(summaries: Mapping[str, Mapping[str, Any]]) -> None:
    """Two files of 40 equal and 40 different trips; a pattern would find the neighbour's, too."""
    assert summaries[AWKWARD]["error"] == ""
    assert summaries[AWKWARD]["rows_read"] == 2 * ROWS
    assert summaries["kept"]["rows"] == summaries[AWKWARD]["accepted"]


def test_a_month_under_a_wrong_name_is_not_taken(summaries: Mapping[str, Mapping[str, Any]]) -> None:
    error = summaries[UNDER_A_WRONG_NAME]["error"]
    assert (
        f"{ROWS} of {ROWS} trips would be quarantined, most of them by the rule outside_source_month" in error
    )
    assert error.endswith("--force")
