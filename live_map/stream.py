"""Server-sent events: the changes of one taxi type, and how trustworthy they are."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from live_map.boards import Position
from live_map.feed import Feed
from live_map.questions import taxi_type_of
from live_map.truth import Truth
from schemas.errors import UserError

HEALTH_SECONDS = 2.0
"""A page that receives nothing for several of these intervals knows that its connection is cut."""

SEND_SECONDS = 10.0
"""A client that takes this long for one event is dropped; it resumes where it was."""

RETRY_MS = 1000
MOST_CLIENTS = 1000


class Streams:
    """One event stream per page."""

    def __init__(self, feed: Feed, truth: Truth) -> None:
        self._feed, self._truth = feed, truth

    async def events(self, request: Request) -> Response:
        """Serve changes from the page's last position; a page without one gets the full state."""
        try:
            taxi_type = taxi_type_of(request)
        except UserError as refusal:
            return JSONResponse({"error": str(refusal)}, 400)
        if self._feed.watchers >= MOST_CLIENTS:
            return JSONResponse({"error": f"{MOST_CLIENTS} pages are already open; close one"}, 503)
        # A page that was hidden reconnects on its own, and cannot set the header.
        event_id = request.headers.get("last-event-id") or request.query_params.get("last_event_id", "")
        return EventSourceResponse(
            self._events(taxi_type, Position.of_event_id(event_id)),
            send_timeout=SEND_SECONDS,
            ping=3600,
            headers={"Cache-Control": "no-store"},
        )

    async def _events(self, taxi_type: str, position: Position | None) -> AsyncIterator[ServerSentEvent]:
        board = self._feed.boards[taxi_type]
        with self._feed.watched():
            await self._feed.first_look()
            served = board.served_until(position)
            health_due, sent_outage = 0.0, ""
            while True:
                change = self._feed.next_change
                if served is None or served != board.version:
                    changes = board.changes(served)
                    served = board.version
                    yield ServerSentEvent(changes, event="fares", id=board.event_id, retry=RETRY_MS)
                if time.monotonic() >= health_due or sent_outage != self._feed.outage:
                    health_due, sent_outage = time.monotonic() + HEALTH_SECONDS, self._feed.outage
                    yield ServerSentEvent(self._health(taxi_type), event="health")
                await _wait(change, max(0.01, health_due - time.monotonic()))

    def _health(self, taxi_type: str) -> str:
        return json.dumps(
            {
                "outage": self._feed.outage,
                "clocks": {name: board.clock_text for name, board in self._feed.boards.items()},
                "speed": self._feed.boards[taxi_type].clock.speed(time.monotonic()),
                "checks": [check.as_json() for check in self._truth.checks(taxi_type)],
                "sent_ms": time.time_ns() // 1_000_000,
            },
            separators=(",", ":"),
        )


async def _wait(change: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(change.wait(), seconds)
