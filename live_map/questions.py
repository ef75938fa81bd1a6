"""Parse request parameters; invalid ones raise an error with a message."""

from datetime import datetime

from starlette.requests import Request

from schemas.errors import UserError
from schemas.rules import FIRST_ZONE_ID, LAST_ZONE_ID
from schemas.tlc_month import TAXI_TYPES


def taxi_type_of(request: Request) -> str:
    """Return the taxi type; yellow by default."""
    asked = str(request.query_params.get("taxi_type", TAXI_TYPES[0]))
    if asked not in TAXI_TYPES:
        raise UserError("unknown taxi_type", f"use one of {', '.join(TAXI_TYPES)}")
    return asked


def moment_of(request: Request) -> datetime:
    """Return a minute of New York's clock, without a zone."""
    text = request.query_params.get("at", "")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not text.isprintable():  # fromisoformat ignores a zero byte at the end
        raise UserError("at is not a time", "write it as 2024-01-12T18:15")
    if found.tzinfo is not None:
        raise UserError("at has a time zone", "give New York wall-clock time without a time zone")
    return found


def zone_id_of(request: Request) -> int:
    """Return the number of a zone."""
    text = request.query_params.get("zone_id", "")
    is_short_number = text.isascii() and text.isdecimal() and len(text) <= len(str(LAST_ZONE_ID))
    if not (is_short_number and FIRST_ZONE_ID <= int(text) <= LAST_ZONE_ID):
        raise UserError("zone_id is not a zone", f"give a number from {FIRST_ZONE_ID} to {LAST_ZONE_ID}")
    return int(text)
