"""`./taxi audit`: whether every record is accounted for, and between which stations one is lost."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from control_plane.accounting.audit import Audit, take
from control_plane.settings import Backend, flink_backend
from control_plane.sink.ledger import LedgerEntry, print_hours, print_ledger, read_hours
from schemas.errors import UserError
from stack.console import output
from stack.endpoints import Endpoints
from stack.settings import FLINK, KAFKA, POSTGRES
from taxi_cli.options import AsJson

IMBALANCE = 1

NO_QUIET_POINT = 3


def audit(
    wait: Annotated[float, typer.Option(help="Seconds to wait until no record is in flight.")] = 0,
    by_hour: Annotated[
        bool, typer.Option(help="Also print hours: those with an imbalance, or those of --from/--to.")
    ] = False,
    since: Annotated[
        str | None, typer.Option("--from", help="First hour, for example 2023-12-01T08.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Hour to stop before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show where every record went; exit 1 if one is lost, 3 if records are in flight."""
    first, end = _instant(since), _instant(until)
    own_flink = (FLINK,) if flink_backend() is Backend.LOCAL else ()
    endpoints = Endpoints.of_platform(KAFKA, POSTGRES, *own_flink)
    found = take(endpoints, wait_seconds=wait)
    named = bool(first or end)
    hours = read_hours(endpoints, first, end, every=named) if by_hour or named else ()
    if as_json:
        print(json.dumps(_as_data(found, hours), indent=2, default=str))  # noqa: T201 - data for programs
    else:
        print_ledger(found.ledger, _verdict_text(found))
        if hours:
            print_hours(hours)
        for line in _conclusions(found):
            output().print(line, highlight=False, soft_wrap=True)
    raise typer.Exit({"balanced": 0, "imbalance": IMBALANCE, "no quiet point": NO_QUIET_POINT}[found.verdict])


def _verdict_text(found: Audit) -> str:
    return {
        "balanced": "it adds up exactly",
        "imbalance": "it does not add up",
        "no quiet point": "records are in flight, so this is not final",
    }[found.verdict]


def _conclusions(found: Audit) -> list[str]:
    lines = [
        f"discrepancy between {hole.between}{f', {hole.taxi_type}' if hole.taxi_type else ''}: {hole.story}"
        for hole in found.holes
    ]
    if found.verdict == "no quiet point":
        remedy = "run ./taxi audit --wait 300 to wait until none is"
        return [f"records are in flight, so the audit is not conclusive: {found.pending_reason}; {remedy}"]
    if found.pending_reason:
        return [f"the accounts balance, although records are in flight: {found.pending_reason}"]
    return lines


def _as_data(found: Audit, hours: Sequence[LedgerEntry]) -> dict[str, object]:
    return {
        "verdict": found.verdict,
        "unrest": found.pending_reason,
        "records_in_kafka": found.ledger.records_in_kafka,
        "records_read": found.ledger.records_read,
        "entries": [asdict(entry) for entry in found.ledger.entries],
        "hours": [asdict(entry) for entry in hours],
        "holes": [asdict(hole) for hole in found.holes],
    }


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"{text} is not a time", "write it as 2023-12-01 or 2023-12-01T08") from error
