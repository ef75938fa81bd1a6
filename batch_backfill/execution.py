"""Process the months of a request in one Spark session."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from batch_backfill.backfill_run import BatchRun
from batch_backfill.causes import innermost
from batch_backfill.replacement import finish_committed
from batch_backfill.request import ProcessingRequest
from batch_backfill.settings import BatchSettings
from batch_backfill.spark_session import open_session
from batch_backfill.storage import Storage
from batch_backfill.summary import MonthSummary, as_json
from schemas.errors import UserError

RUNS = "_runs"

PrintMessage = Callable[[str], None]


def execute(
    request: ProcessingRequest, settings: BatchSettings, print_message: PrintMessage
) -> Sequence[MonthSummary]:
    """Process every month; raises UserError if the storage fails."""
    session = open_session(f"batch_backfill {request.months[0]}")
    try:
        return _processed(session, request, settings, print_message)
    except Py4JError as error:
        remedy = "check the address and the credentials, and that the storage is reachable"
        raise UserError(f"{request.processed}: {innermost(error)}", remedy) from None
    finally:
        session.stop()


def _processed(
    session: SparkSession, request: ProcessingRequest, settings: BatchSettings, print_message: PrintMessage
) -> Sequence[MonthSummary]:
    storage = Storage(session)
    raw, processed, zones = map(storage.known, (request.raw, request.processed, settings.taxi_zones_file))
    for finished in finish_committed(storage, processed):
        print_message(f"{finished}: completed the replacement that an earlier run had committed")
    own = replace(settings, taxi_zones_file=zones)
    run = BatchRun(session, storage, raw, processed, own, print_message, request.fingerprints, request.force)
    summaries = list(run.process(request.months))
    storage.write_text(f"{processed}/{RUNS}/{_run_id()}.json", as_json(summaries))
    return summaries


def _run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"
