"""Reads values at intervals, outside the requests of Prometheus: a scrape never waits for a query."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Reader(Generic[T]):
    """The newest reading of one kind; none while the last attempt failed.

    Readings take at most `largest_share` of the time, regardless of how long one takes.
    """

    def __init__(
        self, name: str, read: Callable[[], T], *, pause_seconds: float, largest_share: float = 0.5
    ) -> None:
        self.name = name
        self.latest: T | None = None
        self.read_at: float | None = None
        """When the newest reading succeeded, in seconds since the epoch."""
        self.took_seconds = 0.0
        self._read = read
        self._pause_seconds = pause_seconds
        self._largest_share = largest_share

    @property
    def is_up(self) -> bool:
        """Whether the last attempt succeeded."""
        return self.latest is not None

    def start(self) -> None:
        """Start reading in the background, until the process ends."""
        threading.Thread(target=self._read_for_ever, name=self.name, daemon=True).start()

    def attempt(self) -> None:
        """Read once; a failure clears the reading, and is logged once."""
        begun = time.monotonic()
        try:
            self.latest = self._read()
            self.read_at = time.time()
        except Exception as failure:  # client libraries raise many types; any means no reading
            if self.is_up or self.read_at is None:
                print(f"{self.name} cannot be read: {failure}", flush=True)  # noqa: T201 - the part's log
            self.latest = None
        self.took_seconds = time.monotonic() - begun

    def _read_for_ever(self) -> None:
        while True:
            self.attempt()
            time.sleep(max(self._pause_seconds, self.took_seconds * (1 / self._largest_share - 1)))
