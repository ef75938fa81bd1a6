"""Runs Spark over months, here or on EMR, and reports the result."""

from collections.abc import Mapping
from dataclasses import dataclass

from control_plane.months.history import History
from control_plane.settings import SparkSettings, SparkTarget
from control_plane.spark.spark_backend import RunState, SparkBackend, SparkRun
from control_plane.spark.waiting import month_summaries, wait
from producer.fetching.object_store import LocalFolder
from schemas.errors import UserError
from schemas.tlc_month import TlcMonth, parse_month
from stack.console import print_message

MINUTE = 60.0


@dataclass(frozen=True)
class SparkOutcome:
    """How Spark ended, and its error per failed month: on EMR the log may arrive after the end."""

    detail: str
    reasons: Mapping[TlcMonth, str]

    def reason(self, month: TlcMonth) -> str:
        """Return why a month was not processed."""
        return self.reasons.get(month) or self.detail


def refuse_folders(spark: SparkBackend, history: History) -> None:
    """Raise UserError for a folder of this machine, which a cluster cannot read."""
    for variable, place in {"RAW_DATA": history.raw, "PROCESSED_DATA": history.processed}.items():
        if spark.place is not SparkTarget.LOCAL and isinstance(place, LocalFolder):
            raise UserError(
                f"{variable}={place.address} is a local folder, but Spark runs on {spark.place.value}",
                f"set {variable} to s3://bucket/prefix, or use --on local",
            )


def process(
    spark: SparkBackend, months: Mapping[TlcMonth, str], history: History, *, force: bool
) -> SparkOutcome:
    """Replace these months in the history, and record the fingerprint of each."""
    run_id = spark.submit([*_arguments(months, history), *(["--force"] if force else [])])
    at = f"{run_id} --on {spark.place.value}"
    print_message(f"Spark processes {', '.join(map(str, months))}: ./taxi spark-run status|logs|cancel {at}")
    limit = SparkSettings.from_environment().timeout_minutes * MINUTE
    done = wait(spark, run_id, seconds=limit, on_message=print_message)
    reasons = _failure_reasons(spark, done)
    if done.state is RunState.CANCELLED:
        raise UserError(f"{run_id} was cancelled", "run the same command again")
    return SparkOutcome(done.detail or done.state.value, reasons)


def _arguments(months: Mapping[TlcMonth, str], history: History) -> list[str]:
    (taxi_type,) = {month.taxi_type for month in months}
    month_options = [word for month in months for word in ("--month", month.text)]
    fingerprint_options = [
        word for month, text in months.items() for word in ("--fingerprint", f"{month.text}={text}")
    ]
    folder_options = ["--raw", history.raw.address, "--processed", history.processed.address]
    return [
        "process",
        "--taxi-type",
        taxi_type,
        *month_options,
        *fingerprint_options,
        *folder_options,
        "--json",
    ]


def _failure_reasons(spark: SparkBackend, done: SparkRun) -> dict[TlcMonth, str]:
    """Report the run; return the failure reasons by month from its log."""
    print_message(f"Spark: {done.state.value} after {done.seconds:,.0f} s, {spark.usage(done.run_id).text()}")
    try:
        logs = spark.logs(done.run_id)
    except UserError as error:
        print_message(f"no log: {error}")
        return {}
    print_message(f"log: {logs.place}")
    summaries = month_summaries(logs.stdout)
    return {parse_month(one["taxi_type"], one["month"]): one["error"] for one in summaries if one["error"]}
