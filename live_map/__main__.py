"""Serves the map until it is ended: python -m live_map."""

import sys

import uvicorn

from live_map.application import application
from live_map.settings import MapSettings
from schemas.errors import UserError

SHUTDOWN_SECONDS = 2
"""So long an open page may take to be told that the server ends; it resumes by itself."""


def main() -> int:
    """Run the server; 1 for a setting that makes no sense."""
    try:
        settings = MapSettings.from_environment()
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    uvicorn.run(
        application(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
