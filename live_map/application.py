"""The web application: the page, its data, and the stream of changes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from live_map.answers import Answers
from live_map.database import Database
from live_map.feed import Feed
from live_map.headers import SafeHeaders
from live_map.settings import MapSettings
from live_map.stream import Streams
from live_map.truth import Truth
from live_map.zone_files import drawing_of

PAGE = Path(__file__).with_name("page")
HOSTS = ("127.0.0.1", "localhost")
"""Accepted Host headers; without them, a foreign site whose name resolves to loopback would be served."""


def application(settings: MapSettings) -> Starlette:
    """Create the application; nothing is read before the server starts."""
    database = Database(settings.postgres_dsn)
    feed = Feed(database)
    truth = Truth(database, feed, settings.platform_metrics_url)
    answers = Answers(database, feed, drawing_of(settings).as_json())
    streams = Streams(feed, truth)

    @contextlib.asynccontextmanager
    async def reading(_: Starlette) -> AsyncIterator[Mapping[str, object]]:
        tasks = [asyncio.create_task(feed.run()), asyncio.create_task(truth.run())]
        try:
            yield {}
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return Starlette(
        routes=[
            Route("/health", answers.health),
            Route("/events", streams.events),
            Route("/api/zones", answers.zones),
            Route("/api/names", answers.names),
            Route("/api/span", answers.span),
            Route("/api/fares", answers.fares),
            Route("/api/zone", answers.zone),
            Route("/api/explain", answers.explain),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
        ],
        lifespan=reading,
    )
