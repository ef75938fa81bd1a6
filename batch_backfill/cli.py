"""`python -m batch_backfill process …`, also by spark-submit."""

import argparse
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from batch_backfill.settings import Settings
from batch_backfill.summary import MonthSummary, as_json, as_table
from schemas.errors import UserError
from schemas.tlc_month import TlcMonth, parse_months

RUNS = "_runs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 when a month failed, and every foreseen error is one line."""
    try:
        asked = _parser().parse_args(arguments)
        return _process(asked, Settings.from_environment())
    except UserError as error:
        _say(f"error: {error}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="batch_backfill", description="Months of trips by Spark.")
    command = parser.add_subparsers(dest="command", required=True).add_parser(
        "process", help="raw months → trips, quarantined trips and windows"
    )
    command.add_argument("--taxi-type", required=True, help="yellow, green or fhvhv")
    command.add_argument(
        "--month", required=True, action="append", help="2024-01, or 2024-01:2024-06; may be repeated"
    )
    command.add_argument("--raw", help="folder or s3a:// prefix of the raw months; default: RAW_DATA")
    command.add_argument("--processed", help="that of the processed history; default: PROCESSED_DATA")
    command.add_argument("--json", action="store_true", help="print the summary for programs")
    return parser


def _process(asked: argparse.Namespace, settings: Settings) -> int:
    raw = _named(asked.raw or settings.raw_data, "--raw", "RAW_DATA")
    processed = _named(asked.processed or settings.processed_data, "--processed", "PROCESSED_DATA")
    summaries = _run(parse_months(asked.taxi_type, asked.month), raw, processed, settings)
    sys.stdout.write(as_json(summaries) if asked.json else as_table(summaries) + "\n")
    return int(any(month.failed for month in summaries))


def _run(months: Sequence[TlcMonth], raw: str, processed: str, settings: Settings) -> Sequence[MonthSummary]:
    # What is wrong with the arguments is said before Spark is started, which takes seconds.
    from batch_backfill.replacement import finish_committed  # noqa: PLC0415
    from batch_backfill.run import Run  # noqa: PLC0415
    from batch_backfill.session import open_session  # noqa: PLC0415
    from batch_backfill.storage import Storage  # noqa: PLC0415

    session = open_session(f"batch_backfill {months[0].taxi_type} {months[0].text}")
    storage = Storage(session)
    for finished in finish_committed(storage, processed):
        _say(f"{finished}: put in place, as an earlier run had committed it")
    run = Run(session, storage, raw, processed, settings, _say)
    summaries = list(run.process(months))
    storage.write_text(f"{processed}/{RUNS}/{_run_id()}.json", as_json(summaries))
    session.stop()
    return summaries


def _named(value: str, option: str, variable: str) -> str:
    if not value:
        raise UserError(f"{option} is not given", f"give it, or set {variable}")
    return value.rstrip("/")


def _run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - progress, beside the summary
