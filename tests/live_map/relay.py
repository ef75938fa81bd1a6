"""A line between a client and a server of this machine that a test can cut, and put together again."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from stack.ports import LOOPBACK


class Relay:
    """Passes connections on to another port, while it is not cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server((LOOPBACK, 0))
        self._open: set[socket.socket] = set()
        self._is_cut = False
        self._flows = threading.Event()
        self._flows.set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where clients connect to."""
        return int(self._listener.getsockname()[1])

    def cut(self) -> None:
        """End every connection, and refuse new ones."""
        self._is_cut = True
        for end in [*self._open]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def freeze(self) -> None:
        """Keep every connection open, and pass nothing on: as a server that was stopped."""
        self._flows.clear()

    def thaw(self) -> None:
        """Pass on what has come in the meantime."""
        self._flows.set()

    def close(self) -> None:
        """Cut it for good."""
        self.cut()
        self.thaw()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                client.close()
                continue
            server = socket.create_connection((LOOPBACK, self._target))
            for source, sink in ((client, server), (server, client)):
                self._open.add(source)
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(65536):
                self._flows.wait()
                sink.sendall(block)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
        self._open.discard(source)
        source.close()


@contextmanager
def relay(target: int) -> Iterator[Relay]:
    """A line to a port."""
    line = Relay(target)
    try:
        yield line
    finally:
        line.close()
