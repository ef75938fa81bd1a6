"""Run `python -m batch_backfill process …`, also by spark-submit."""

import argparse
import sys
from collections.abc import Sequence
from pkgutil import resolve_name

from batch_backfill.request import ProcessingRequest
from batch_backfill.settings import BatchSettings
from batch_backfill.summary import MonthSummary, as_json, as_table
from schemas.errors import UserError
from schemas.time_zone import keep_utc
from schemas.tlc_month import parse_months

EXECUTE = "batch_backfill.execution:execute"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 when a month failed. Every expected error is one line."""
    keep_utc()
    try:
        namespace = _parser().parse_args(arguments)
        return _process(namespace, BatchSettings.from_environment())
    except UserError as error:
        _print_message(f"error: {error}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="batch_backfill", description="Process months of trips with Spark.")
    command = parser.add_subparsers(dest="command", required=True).add_parser(
        "process", help="process raw months into trips, quarantined trips and windows"
    )
    command.add_argument("--taxi-type", required=True, help="yellow, green or fhvhv")
    command.add_argument(
        "--month", required=True, action="append", help="2024-01, or 2024-01:2024-06; may be repeated"
    )
    command.add_argument("--raw", help="folder or s3:// prefix of the raw months; default: RAW_DATA")
    command.add_argument(
        "--processed", help="folder or s3:// prefix of the processed history; default: PROCESSED_DATA"
    )
    command.add_argument(
        "--fingerprint",
        action="append",
        metavar="MONTH=TEXT",
        help="identifier of the month's input, stored with its rows; may be repeated",
    )
    command.add_argument(
        "--force", action="store_true", help="process a month even if nearly all of its trips are quarantined"
    )
    command.add_argument("--json", action="store_true", help="print the summary as JSON")
    return parser


def _process(namespace: argparse.Namespace, settings: BatchSettings) -> int:
    request = ProcessingRequest(
        parse_months(namespace.taxi_type, namespace.month),
        _named(namespace.raw or settings.raw_data, "--raw", "RAW_DATA"),
        _named(namespace.processed or settings.processed_data, "--processed", "PROCESSED_DATA"),
        dict(_pair(text) for text in namespace.fingerprint or ()),
        namespace.force,
    )
    # Arguments are checked before Spark is imported and started, which takes seconds.
    summaries: Sequence[MonthSummary] = resolve_name(EXECUTE)(request, settings, _print_message)
    sys.stdout.write(as_json(summaries) if namespace.json else as_table(summaries) + "\n")
    return int(any(month.failed for month in summaries))


def _pair(text: str) -> tuple[str, str]:
    month, equals, fingerprint = text.partition("=")
    if not equals:
        raise UserError(f"--fingerprint {text} names no month", "write it as 2024-01=TEXT")
    return month, fingerprint


def _named(value: str, option: str, variable: str) -> str:
    if not value:
        raise UserError(f"{option} is missing", f"add {option}, or set {variable}")
    return value.rstrip("/")


def _print_message(line: str) -> None:
    sys.stderr.write(f"{line}\n")  # in one piece: months are processed side by side
