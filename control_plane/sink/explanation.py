"""Where a served number comes from, by the SQL functions taxi.explain_window and taxi.explain_trip."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from schemas.errors import UserError
from schemas.rules import FIRST_ZONE_ID, LAST_ZONE_ID
from stack.database import CONNECT_SECONDS, translate_outage

WINDOW = (
    "select * from taxi.explain_window(%(taxi_type)s::text, %(zone)s::integer, %(window_end)s::timestamp)"
)
TRIP = "select * from taxi.explain_trip(%(id)s::uuid)"
UNANSWERABLE = (
    psycopg.errors.InvalidParameterValue,
    psycopg.errors.NoDataFound,
    psycopg.errors.FeatureNotSupported,
)
"""The errors that our functions raise: the message and the remedy are theirs."""


@dataclass(frozen=True)
class Origin:
    """One part of an explanation: a sentence, and the same for programs."""

    part: str
    says: str
    details: Mapping[str, Any] | None
    trips: int | None = field(default=None, kw_only=True)
    """What it adds to the served number; None where it adds nothing."""
    total_amount_cents: int | None = field(default=None, kw_only=True)
    trip_id: UUID | None = field(default=None, kw_only=True)


def explain_window(dsn: str, taxi_type: str | None, zone: int, window_end: datetime) -> list[Origin]:
    """Return where a window comes from; without a taxi type, of the only one that has trips in it.

    Raises UserError for a window that is not served.
    """
    if not FIRST_ZONE_ID <= zone <= LAST_ZONE_ID:  # it may not even be a number of Postgres
        raise UserError(
            f"there is no taxi zone {zone}",
            f"zones are numbers from {FIRST_ZONE_ID} to {LAST_ZONE_ID}: taxi.zones names them",
        )
    return _answer(dsn, WINDOW, {"taxi_type": taxi_type, "zone": zone, "window_end": window_end})


def explain_trip(dsn: str, trip_id: UUID) -> list[Origin]:
    """Return where a trip went; raises UserError for one that was never seen."""
    found = _answer(dsn, TRIP, {"id": trip_id})
    unseen = next((origin for origin in found if origin.part == "never_seen"), None)
    if unseen:
        raise UserError(unseen.says)
    return found


def _answer(dsn: str, text: str, parameters: Mapping[str, object]) -> list[Origin]:
    try:
        with (
            translate_outage(),
            psycopg.connect(dsn, connect_timeout=CONNECT_SECONDS) as connection,
            connection.cursor(row_factory=class_row(Origin)) as cursor,
        ):
            return cursor.execute(text.encode(), parameters).fetchall()
    except UNANSWERABLE as refusal:
        raise UserError(
            refusal.diag.message_primary or str(refusal), refusal.diag.message_hint or ""
        ) from refusal
    except psycopg.errors.UndefinedFunction as error:
        raise UserError(
            "this database cannot explain its numbers yet", "./taxi up brings it up to date"
        ) from error
