"""Runs the real program in the environment of Spark; one session serves all that a test asks for at once."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from control_plane.spark import local_submit as spark
from producer.reading.queries import duckdb_path
from schemas.processed import PARTITION_COLUMNS, ProcessedTable
from stack.settings import ROOT

PROGRAM = """
import json, sys
from batch_backfill.cli import main
for arguments in json.loads(sys.argv[1]):
    main(arguments)
    print(chr(0), flush=True)
"""


@dataclass(frozen=True)
class BatchBackfill:
    """Raw months in one folder, the processed history in another."""

    raw: Path
    processed: Path
    home: Path
    zones: Path | None = None

    @classmethod
    def below(cls, folder: Path, zones: Path | None = None) -> "BatchBackfill":
        """Empty; with the shapes of the zones, if given."""
        (folder / "raw").mkdir()
        return cls(folder / "raw", folder / "processed", folder / "home", zones)

    def process(self, *months: tuple[str, str]) -> list[dict[str, Any]]:
        """Process months of taxi types in one session, those of a type side by side; the summaries."""
        done = self.start(*months)
        output, complaints = done.communicate()
        assert "Traceback" not in complaints, complaints
        runs = [json.loads(text) for text in output.split("\0") if text.strip()]
        return [month for run in runs for month in run["months"]]

    @classmethod
    def process_all(
        cls, runs: Mapping[str, tuple["BatchBackfill", tuple[str, str]]]
    ) -> dict[str, dict[str, Any]]:
        """Process a month of each, in one session; the summaries by name."""
        anyone = next(iter(runs.values()))[0]
        done = anyone.start_all([one.command(*month) for one, month in runs.values()])
        output, complaints = done.communicate()
        assert "Traceback" not in complaints, complaints
        found = [json.loads(text)["months"][0] for text in output.split("\0") if text.strip()]
        return dict(zip(runs, found, strict=True))

    def command(self, kind: str, *months: str) -> list[str]:
        """The words of the command line for months of a taxi type."""
        where = ["--raw", str(self.raw), "--processed", str(self.processed), "--json"]
        return ["process", "--taxi-type", kind, *(f"--month={month}" for month in months), *where]

    def start(self, *months: tuple[str, str]) -> "subprocess.Popen[str]":
        """The same, without waiting; in a process group of its own."""
        kinds = groupby(months, key=itemgetter(0))
        return self.start_all([self.command(kind, *(month for _, month in some)) for kind, some in kinds])

    def start_all(self, commands: Sequence[Sequence[str]]) -> "subprocess.Popen[str]":
        """Start these commands, one after the other, in one session."""
        return subprocess.Popen(
            [spark.programs() / "python", "-c", PROGRAM, json.dumps(commands)],
            env={
                **os.environ,
                **spark.environment(self.home),
                # The windows of a real month are then in several files, and more than one task computes them.
                "ROWS_PER_FILE": "50000",
                "TAXI_ZONES_FILE": str(self.zones) if self.zones else "",
            },
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def rows(self, table: ProcessedTable, taxi_type: str, month: str) -> duckdb.DuckDBPyRelation:
        """A month of a table, its taxi type included."""
        folder = self.processed / table.folder(taxi_type, date.fromisoformat(f"{month}-01"))
        files = f"{duckdb_path(folder)}/*.parquet"
        others = ", ".join(name for name in PARTITION_COLUMNS if name != "taxi_type")
        rows = duckdb.connect().read_parquet(files, hive_partitioning=True)
        return rows.project(f"* exclude ({others})")

    def files(self, table: ProcessedTable, taxi_type: str, month: str) -> Mapping[str, bytes]:
        """The files of a month by their names."""
        folder = self.processed / table.folder(taxi_type, date.fromisoformat(f"{month}-01"))
        return {file.name: file.read_bytes() for file in sorted(folder.glob("*"))}


def kill(program: "subprocess.Popen[str]") -> None:
    """Python and its Java at once, without a chance to tidy up."""
    os.killpg(program.pid, signal.SIGKILL)
    program.communicate()
