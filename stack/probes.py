"""Small HTTP and TCP requests to our own servers."""

import json
import socket
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

TIMEOUT_SECONDS = 5


def get_json(url: str) -> Any:
    """Return the JSON of one of our servers; raises OSError when it does not answer."""
    # Not httpx: it loads every certificate of the machine for each client, and health checks are frequent.
    # Proxy variables are ignored.
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(Request(url), timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 - the address is ours
            return json.load(response)
    except HTTPError as refusal:
        refusal.close()  # it holds the connection
        raise


def require_listener(address: str) -> None:
    """Raise OSError when nothing listens at `host:port`; costs almost nothing."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), timeout=TIMEOUT_SECONDS).close()
