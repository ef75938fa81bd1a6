"""Serve the map until stopped: python -m live_map."""

import socket
import sys

import uvicorn

from live_map.application import application
from live_map.settings import MapSettings
from schemas.errors import UserError

SHUTDOWN_SECONDS = 2
"""Time for telling open pages that the server stops; they resume automatically."""

SEND_BUFFER_BYTES = 64 * 1024
"""Limit for each page: by default the kernel buffers megabytes for a page that does not read."""


def main() -> int:
    """Run the server; return 1 for an invalid setting."""
    try:
        settings = MapSettings.from_environment()
        listener = _listener(settings.host, settings.port)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    config = uvicorn.Config(
        application(settings),
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _listener(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise UserError(
            f"the map cannot listen on {host}:{port} ({error.strerror})", "set MAP_PORT to a free port"
        ) from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return listener


if __name__ == "__main__":
    sys.exit(main())
