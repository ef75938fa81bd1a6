"""The JSON data for single requests of the page."""

import functools
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from live_map.database import Database, reason
from live_map.feed import Feed
from live_map.questions import moment_of, taxi_type_of, zone_id_of
from schemas.errors import UserError

Answer: TypeAlias = Callable[["Answers", Request], Awaitable[Mapping[str, Any]]]


def answered(answer: Answer) -> Callable[["Answers", Request], Awaitable[Response]]:
    """Return the result as JSON; an error message with 400 for invalid input, 503 while Postgres is away."""

    @functools.wraps(answer)
    async def respond(self: "Answers", request: Request) -> Response:
        try:
            return JSONResponse(await answer(self, request))
        except UserError as refusal:
            return JSONResponse({"error": str(refusal)}, 400)
        except (psycopg.Error, OSError) as error:
            return JSONResponse({"error": f"Postgres does not answer: {reason(error)}"}, 503)

    return respond


class Answers:
    """The request handlers, one per address."""

    def __init__(self, database: Database, feed: Feed, drawing: bytes) -> None:
        self._database, self._feed, self._drawing = database, feed, drawing
        self._drawing_tag = f'"{hashlib.sha256(drawing).hexdigest()[:20]}"'

    async def health(self, _: Request) -> Response:
        """Confirm that the server runs; the health of the platform is shown by the page."""
        return JSONResponse({"clients": self._feed.watchers, "outage": self._feed.outage})

    async def zones(self, request: Request) -> Response:
        """Return the drawing, which is made once."""
        headers = {"ETag": self._drawing_tag}
        if request.headers.get("if-none-match") == self._drawing_tag:
            return Response(status_code=304, headers=headers)
        return Response(self._drawing, media_type="application/json", headers=headers)

    @answered
    async def names(self, _: Request) -> Mapping[str, Any]:
        """Return the names of the zones."""
        rows = await self._database.rows("names")
        return {"zones": [[zone_id, name, borough] for zone_id, name, borough in rows]}

    @answered
    async def span(self, request: Request) -> Mapping[str, Any]:
        """Return the available time range, and the published months."""
        taxi_type = taxi_type_of(request)
        ((earliest, latest),) = await self._database.rows("span", {"taxi_type": taxi_type})
        months = await self._database.rows("published_months", {"taxi_type": taxi_type})
        return {
            "earliest": _text(earliest),
            "latest": _text(latest),
            "months": [month for (month,) in months],
        }

    @answered
    async def fares(self, request: Request) -> Mapping[str, Any]:
        """Return the fares that the map showed at a moment."""
        taxi_type, at = taxi_type_of(request), moment_of(request)
        fares = await self._database.fares_at(taxi_type, at)
        return {"taxi_type": taxi_type, "clock": _text(at), "zones": [fare.as_row() for fare in fares]}

    @answered
    async def zone(self, request: Request) -> Mapping[str, Any]:
        """Return a zone's last day, and the usual values at this hour."""
        taxi_type, zone_id, at = taxi_type_of(request), zone_id_of(request), moment_of(request)
        day = await self._database.rows("zone_day", {"taxi_type": taxi_type, "zone_id": zone_id, "at": at})
        usual = await self._database.usual(taxi_type, zone_id, at)
        names = ("windows", "low", "median", "high")
        return {
            "zone_id": zone_id,
            "at": _text(at),
            "day": [[_text(window_end), trips, average] for window_end, trips, average in day],
            "usual": dict(zip(names, usual, strict=True)) if usual else None,
        }

    @answered
    async def explain(self, request: Request) -> Mapping[str, Any]:
        """Return where the number of a zone comes from, in the window that ends at a moment."""
        taxi_type, zone_id, at = taxi_type_of(request), zone_id_of(request), moment_of(request)
        rows = await self._database.explanation(taxi_type, zone_id, at)
        names = ("part", "says", "trips", "total_amount_cents", "trip_id")
        return {
            "taxi_type": taxi_type,
            "zone_id": zone_id,
            "window_end": _text(at),
            "parts": [dict(zip(names, row, strict=True)) for row in rows],
        }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="minutes") if moment else None
