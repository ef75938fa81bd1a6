"""Prints the branch coverage of each room, as measured by the runs of pytest before: in their own process."""

import json
import tempfile
from collections import defaultdict
from pathlib import Path

import coverage
from rich import box
from rich.console import Console
from rich.table import Table

COUNTS = ("num_statements", "covered_lines", "num_branches", "covered_branches")


def counts_by_room(report: dict[str, dict[str, dict[str, dict[str, int]]]]) -> dict[str, dict[str, int]]:
    """The counts of coverage's JSON report, summed over the files of each top-level folder."""
    rooms: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for file, measured in report["files"].items():
        for name in COUNTS:
            rooms[Path(file).parts[0]][name] += measured["summary"][name]
    return dict(rooms)


def share(counts: dict[str, int]) -> float:
    """Covered lines and branches, of all."""
    covered = counts["covered_lines"] + counts["covered_branches"]
    return covered / max(1, counts["num_statements"] + counts["num_branches"])


def main() -> None:
    """Print a row a room, and all together."""
    data = coverage.Coverage()
    data.load()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "coverage.json"
        data.json_report(outfile=str(file), ignore_errors=True)
        rooms = counts_by_room(json.loads(file.read_text("utf-8")))
    rooms["all"] = {name: sum(counts[name] for counts in rooms.values()) for name in COUNTS}
    table = Table(title="Coverage by package", title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("room", "lines", "branches", "covered"):
        table.add_column(column, justify="left" if column == "room" else "right")
    for room, counts in rooms.items():
        figures = (f"{counts['num_statements']:,}", f"{counts['num_branches']:,}", f"{share(counts):.0%}")
        table.add_row(room, *figures)
    Console().print(table)


if __name__ == "__main__":
    main()
