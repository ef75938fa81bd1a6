"""A small Maven repository on this machine."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stack.toolchain.jars.lock import Artifact

CONTENT = bytes(range(256)) * 4096


def artifact(content: bytes = CONTENT, name: str = "engine") -> Artifact:
    """A locked jar with this content."""
    sha256 = hashlib.sha256(content).hexdigest()
    return Artifact("org.example", name, "1.0", packaging="jar", classifier="", sha256=sha256)


@dataclass
class Repository:
    """What the server holds, and what it was asked."""

    files: dict[str, bytes]
    address: str = ""
    ranges: list[str | None] = field(default_factory=list)
    failures_first: int = 0


@contextmanager
def served(repository: Repository) -> Iterator[Repository]:
    """Serve the repository on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            repository.ranges.append(self.headers["Range"])
            content = repository.files.get(self.path.lstrip("/"))
            if repository.failures_first > 0:
                repository.failures_first -= 1
                self.send_error(503)
            elif content is None:
                self.send_error(404)
            else:
                self._send(content, self.headers["Range"])

        def _send(self, content: bytes, byte_range: str | None) -> None:
            start = int(byte_range.removeprefix("bytes=").rstrip("-")) if byte_range else 0
            self.send_response(206 if byte_range else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start:])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    repository.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield repository
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
