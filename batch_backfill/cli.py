"""`python -m batch_backfill process …`, also by spark-submit."""

import argparse
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from batch_backfill.settings import BatchSettings
from batch_backfill.summary import MonthSummary, as_json, as_table
from schemas.errors import UserError
from schemas.tlc_month import TlcMonth, parse_months

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

RUNS = "_runs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 when a month failed, and every foreseen error is one line."""
    try:
        namespace = _parser().parse_args(arguments)
        return _process(namespace, BatchSettings.from_environment())
    except UserError as error:
        _print_message(f"error: {error}")
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
    command.add_argument("--raw", help="folder or s3:// prefix of the raw months; default: RAW_DATA")
    command.add_argument("--processed", help="that of the processed history; default: PROCESSED_DATA")
    command.add_argument(
        "--fingerprint",
        action="append",
        metavar="MONTH=TEXT",
        help="noted beside the month's rows; may be repeated",
    )
    command.add_argument("--json", action="store_true", help="print the summary for programs")
    return parser


@dataclass(frozen=True)
class _Options:
    """What is to be processed, and where."""

    months: Sequence[TlcMonth]
    raw: str
    processed: str
    fingerprints: Mapping[str, str]


def _process(namespace: argparse.Namespace, settings: BatchSettings) -> int:
    options = _Options(
        parse_months(namespace.taxi_type, namespace.month),
        _named(namespace.raw or settings.raw_data, "--raw", "RAW_DATA"),
        _named(namespace.processed or settings.processed_data, "--processed", "PROCESSED_DATA"),
        dict(_pair(text) for text in namespace.fingerprint or ()),
    )
    summaries = _run(options, settings)
    sys.stdout.write(as_json(summaries) if namespace.json else as_table(summaries) + "\n")
    return int(any(month.failed for month in summaries))


def _run(options: _Options, settings: BatchSettings) -> Sequence[MonthSummary]:
    # What is wrong with the arguments is said before Spark is started, which takes seconds.
    from py4j.protocol import Py4JError  # noqa: PLC0415

    from batch_backfill.causes import innermost  # noqa: PLC0415
    from batch_backfill.spark_session import open_session  # noqa: PLC0415

    session = open_session(f"batch_backfill {options.months[0]}")
    try:
        return _processed(session, options, settings)
    except Py4JError as error:
        remedy = "check the address, the credentials and that the storage answers"
        raise UserError(f"{options.processed}: {innermost(error)}", remedy) from None
    finally:
        session.stop()


def _processed(session: "SparkSession", options: _Options, settings: BatchSettings) -> Sequence[MonthSummary]:
    from batch_backfill.backfill_run import BatchRun  # noqa: PLC0415
    from batch_backfill.replacement import finish_committed  # noqa: PLC0415
    from batch_backfill.storage import Storage  # noqa: PLC0415

    storage = Storage(session)
    raw, processed, zones = map(storage.known, (options.raw, options.processed, settings.taxi_zones_file))
    for finished in finish_committed(storage, processed):
        _print_message(f"{finished}: put in place, as an earlier run had committed it")
    own = replace(settings, taxi_zones_file=zones)
    run = BatchRun(session, storage, raw, processed, own, _print_message, options.fingerprints)
    summaries = list(run.process(options.months))
    storage.write_text(f"{processed}/{RUNS}/{_run_id()}.json", as_json(summaries))
    return summaries


def _pair(text: str) -> tuple[str, str]:
    month, equals, fingerprint = text.partition("=")
    if not equals:
        raise UserError(f"--fingerprint {text} is for no month", "write it as 2024-01=TEXT")
    return month, fingerprint


def _named(value: str, option: str, variable: str) -> str:
    if not value:
        raise UserError(f"{option} is not given", f"give it, or set {variable}")
    return value.rstrip("/")


def _run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"


def _print_message(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - progress, beside the summary
