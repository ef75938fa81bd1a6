"""A client of the map's stream."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    name: str
    event_id: str
    data: dict[str, Any]

    @property
    def zones(self) -> dict[int, list[Any]]:
        """The fares that it brings, by zone."""
        return {row[0]: row for row in self.data.get("zones", ())}


@cache
def client() -> httpx.Client:
    """One for all: each new one loads every certificate of the machine."""
    return httpx.Client(trust_env=False, timeout=20)


@contextmanager
def stream(url: str, taxi_type: str = "green", last_event_id: str = "") -> Iterator[Iterator[Event]]:
    """The events that a page gets."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    asked = {"taxi_type": taxi_type}
    with client().stream("GET", f"{url}/events", params=asked, headers=headers) as answer:
        answer.raise_for_status()
        yield events_of(answer)


def first(events: Iterator[Event], name: str, holds: Callable[[Event], bool] = lambda _: True) -> Event:
    """The next event of this name for which something holds."""
    return next(event for event in events if event.name == name and holds(event))


def events_of(answer: httpx.Response) -> Iterator[Event]:
    """The events of an answer, as they come."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield Event(fields.get("event", ""), fields.get("id", ""), json.loads(fields.get("data", "{}")))
            fields = {}
