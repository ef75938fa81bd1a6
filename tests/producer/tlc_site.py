"""A local stand-in for the TLC's public download, which misbehaves on purpose."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Event, Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

NOWHERE = "http://127.0.0.1:9/trip-data"


def parquet_bytes(rows: int = 5000) -> bytes:
    """A small whole Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({"total_amount": [float(row) for row in range(rows)]}), buffer)
    return buffer.getvalue()


@dataclass
class TlcSite:
    """Each fault spoils one answer, then the site behaves; `together` lets so many answer at once only."""

    files: dict[str, bytes]
    etag: str = '"v1"'
    last_modified: str = ""
    faults: list[str] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    together: Barrier | None = None
    is_dripping: Event = field(default_factory=Event)
    base_url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Send the file, or the rest of it, or what the fault says."""
        self.requested.append(f"{handler.command} {handler.path}")
        self.requests.append(dict(handler.headers))
        fault = self.faults.pop(0) if self.faults else ""
        content = self.files.get(handler.path.removeprefix("/"))
        if fault.isdigit() or content is None:
            handler.send_error(int(fault or 404))
            return
        if self.together:
            self.together.wait(timeout=10)
        self._send(handler, content, fault)

    def ranges(self) -> list[str | None]:
        """Which parts were asked for."""
        return [request.get("Range") for request in self.requests]

    def _send(self, handler: BaseHTTPRequestHandler, content: bytes, fault: str) -> None:
        if self._is_known(handler):
            handler.send_response(304)
            handler.end_headers()
            return
        start = self._start(handler, is_careless=fault == "careless")
        body = content[start:]
        handler.send_response(206 if start else 200)
        for name, value in {"ETag": self.etag, "Last-Modified": self.last_modified}.items():
            if value:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(body[: len(body) // 2] if fault in {"cut", "drip"} else body)
        if fault == "drip":
            self._drip(handler, body[len(body) // 2 :])

    def _is_known(self, handler: BaseHTTPRequestHandler) -> bool:
        """Whether the asker has this version; the tag comes first, as RFC 9110 has it."""
        if tag := handler.headers.get("If-None-Match"):
            return tag == self.etag
        return bool(self.last_modified) and handler.headers.get("If-Modified-Since") == self.last_modified

    def _drip(self, handler: BaseHTTPRequestHandler, rest: bytes) -> None:
        """A byte now and then, until the asker has gone."""
        self.is_dripping.set()
        never = Event()
        with suppress(ConnectionError):
            for byte in rest:
                handler.wfile.write(bytes([byte]))
                never.wait(0.005)

    def _start(self, handler: BaseHTTPRequestHandler, *, is_careless: bool) -> int:
        """Where to begin: at the asked byte only if the asker holds the same version, or nobody looks."""
        if handler.headers.get("If-Range") != self.etag and not (is_careless and "Range" in handler.headers):
            return 0
        return int(handler.headers["Range"].removeprefix("bytes=").rstrip("-"))


@contextmanager
def tlc_site(files: dict[str, bytes]) -> Iterator[TlcSite]:
    """The site on a free port of this machine."""
    site = TlcSite(files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.answer(self)

        def do_HEAD(self) -> None:
            site.answer(self)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.base_url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield site
        server.shutdown()
