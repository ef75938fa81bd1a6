"""The current state of the map per taxi type, and what has changed since a client was last served."""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

FRESH = timedelta(minutes=60)
"""Maximum age in event time; a zone whose newest window is older shows no fare."""

REMEMBERED_STEPS = 12
MOST_DIGITS = 18
"""Limit for a version; Python refuses to read a number of thousands of digits."""


@dataclass(frozen=True)
class ZoneFare:
    """A window of a zone; the average in dollars as Postgres formats it, which a float would round."""

    zone_id: int
    window_end: datetime
    trips: int
    average: str

    def as_row(self) -> list[object]:
        """Return the row for the page."""
        return [self.zone_id, self.window_end.isoformat(timespec="minutes"), self.trips, self.average]


@dataclass(frozen=True)
class Position:
    """A client's position: the board of a run of the server, and the last change that the client has."""

    run: str
    version: int

    @classmethod
    def of_event_id(cls, event_id: str) -> "Position | None":
        """Parse an event id, which begins with the window's end for readability; None for a foreign id."""
        _, _, place = event_id.partition("~")
        run, _, version = place.partition("-")
        is_number = version.isascii() and version.isdecimal() and len(version) <= MOST_DIGITS
        return cls(run, int(version)) if run and is_number else None


class Clock:
    """The event clock of a taxi type, and its speed."""

    def __init__(self) -> None:
        self.now: datetime | None = None
        self._steps: deque[tuple[float, datetime]] = deque(maxlen=REMEMBERED_STEPS)

    def note(self, now: datetime | None, wall_seconds: float) -> None:
        """Record the event clock."""
        if now is None or (self.now is not None and now < self.now):
            self._steps.clear()
        if now is not None and now != self.now:
            self._steps.append((wall_seconds, now))
        self.now = now

    def speed(self, wall_seconds: float) -> float | None:
        """Return seconds of event time per second; 0 when the clock has stopped, None while it is unknown."""
        if len(self._steps) < 2:
            return None
        (began, first), (ended, last) = self._steps[0], self._steps[-1]
        usual = (ended - began) / (len(self._steps) - 1)
        if wall_seconds - ended > 5 * usual + 3:
            return 0.0
        return (last - first).total_seconds() / max(wall_seconds - began, 1e-3)


class Board:
    """The newest closed windows of one taxi type."""

    def __init__(self, taxi_type: str, run: str) -> None:
        self.taxi_type = taxi_type
        self.clock = Clock()
        self.version = 0
        self._run = f"{taxi_type}.{run}"  # the position in another taxi type is none here
        self._fares: dict[int, ZoneFare] = {}
        self._changed_in: dict[int, int] = {}
        self._encoded: dict[int | None, str] = {}
        self._read_ms = 0

    def update(self, fares: Iterable[ZoneFare], *, wall_seconds: float, wall_ms: int) -> None:
        """Apply the fares that are served now; the version increases only when something differs."""
        known = {fare.zone_id: fare for fare in fares}
        now = max((fare.window_end for fare in known.values()), default=None)
        if now is not None:
            known = {zone: fare for zone, fare in known.items() if fare.window_end >= now - FRESH}
        self.clock.note(now, wall_seconds)
        zones = known.keys() | self._fares.keys()
        changed = [zone for zone in zones if known.get(zone) != self._fares.get(zone)]
        if not changed:
            return
        self.version += 1
        self._fares = known
        self._changed_in.update(dict.fromkeys(changed, self.version))
        self._encoded.clear()
        self._read_ms = wall_ms

    @property
    def event_id(self) -> str:
        """The end of the newest window, and the position after it."""
        return f"{self.clock_text or 'none'}~{self._run}-{self.version}"

    def served_until(self, position: Position | None) -> int | None:
        """Return the version of a position, or None when it does not belong to this board."""
        is_ours = position is not None and position.run == self._run and position.version <= self.version
        return position.version if position is not None and is_ours else None

    def changes(self, since: int | None) -> str:
        """Return the changes since a version, or the full state, as JSON; encoded once for all clients."""
        if since not in self._encoded:
            self._encoded[since] = json.dumps(self._changes(since), separators=(",", ":"))
        return self._encoded[since]

    def _changes(self, since: int | None) -> Mapping[str, object]:
        zones = [zone for zone, version in self._changed_in.items() if since is None or version > since]
        present = [self._fares[zone].as_row() for zone in zones if zone in self._fares]
        return {
            "taxi_type": self.taxi_type,
            "clock": self.clock_text,
            "read_ms": self._read_ms,
            "full": since is None,
            "zones": present,
            "gone": [zone for zone in zones if zone not in self._fares],
        }

    @property
    def clock_text(self) -> str | None:
        """The event clock as text for the page."""
        return self.clock.now.isoformat(timespec="minutes") if self.clock.now else None
