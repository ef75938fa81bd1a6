"""The plan of a reprocessing: the months that the files hold, and the name of the run."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.table import Table

from control_plane.months.producer_settings import producer_errors, producer_settings
from control_plane.sink.publication import served_of
from control_plane.sink.runs import PlannedMonth
from producer.interruption import listening
from producer.months import MonthFile, Naming
from producer.reading.examination import examine
from producer.reading.plausibility import doubt_about
from producer.reading.preparation import MonthPreparer
from producer.reading.prepared import span_of
from producer.replay_display import display_on, warning_on, watching
from schemas.errors import UserError
from schemas.tlc_month import TlcMonth
from stack.console import console, output
from stack.endpoints import Endpoints


@dataclass(frozen=True)
class PlannedFile:
    """One file, as the producer reads it; the fingerprint changes with its content."""

    file: MonthFile
    fingerprint: str
    trips: int
    valid_trips: int
    doubt: str | None = None
    """The reason to doubt that the file holds the month of its name."""

    @property
    def month(self) -> TlcMonth:
        """The month of the file."""
        return TlcMonth(self.file.taxi_type, self.file.month)

    @property
    def planned(self) -> PlannedMonth:
        """The file as an entry of the record of runs."""
        with self.file.path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        quarantined = self.trips - self.valid_trips
        return PlannedMonth(self.month, self.file.name, self.trips, quarantined, f"{self.file.name} {digest}")


@dataclass(frozen=True)
class ReprocessPlan:
    """The files of one run."""

    files: Sequence[PlannedFile]

    @property
    def months(self) -> list[TlcMonth]:
        """The months that are replaced, in order."""
        return sorted((one.month for one in self.files), key=str)

    @property
    def paths(self) -> list[Path]:
        """The paths of the files."""
        return [one.file.path for one in self.files]

    def refuse_doubtful(self) -> None:
        """Raise UserError for a file that probably does not hold the month of its name."""
        for one in self.files:
            if one.doubt:
                raise UserError(
                    one.doubt,
                    "run ./taxi inspect on the file, or add --force to replace the month nevertheless",
                )

    def run(self, release: str) -> str:
        """Name the run: the same files and the same code are the same run."""
        inputs = [*sorted(f"{one.month} {one.file.name} {one.fingerprint}" for one in self.files), release]
        return hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:10]


def make_plan(endpoints: Endpoints, paths: Sequence[Path]) -> ReprocessPlan:
    """Read the files; raises UserError where one is unreadable, or two hold the same month."""
    settings = producer_settings(endpoints, "")
    with producer_errors():
        files = list(examine(Naming(tlc_data_dir=settings.tlc_data_dir).month_files(paths), console()))
        with listening() as interruption, display_on(console()) as display:
            preparer = MonthPreparer.of(settings, watching(display, interruption), warning_on(console()))
            plan = ReprocessPlan([_planned(preparer, file) for file in files])
    if not plan.files:
        raise UserError("the files contain no trips", "give other files")
    for month, count in Counter(plan.months).items():
        if count > 1:
            raise UserError(f"{count} of the files contain {month}", "give one file per month")
    return plan


def print_plan(endpoints: Endpoints, plan: ReprocessPlan, run: str) -> None:
    """Print a line per month: what the file holds, and what is served now."""
    table = Table(title=f"Run {run}", title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("month", "file", "MB", "trips", "valid", "served", "published by"):
        is_figure = column in {"MB", "trips", "valid", "served"}
        table.add_column(column, justify="right" if is_figure else "left", no_wrap=is_figure)
    for one in sorted(plan.files, key=lambda planned: str(planned.month)):
        served, by = served_of(endpoints.postgres_dsn, one.month)
        megabytes = f"{one.file.path.stat().st_size / 1e6:,.1f}"
        figures = (f"{one.trips:,}", f"{one.valid_trips:,}", f"{served:,}")
        table.add_row(str(one.month), one.file.name, megabytes, *figures, by)
    output().print(table)


def _planned(preparer: MonthPreparer, file: MonthFile) -> PlannedFile:
    prepared = preparer.prepare([file])
    span = span_of(prepared.path)
    doubt = doubt_about(file, prepared)
    return PlannedFile(file, prepared.fingerprint, span.trips, span.valid_trips, doubt)
