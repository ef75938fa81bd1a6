"""Months are published by one command at a time, wherever the others run."""

from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from control_plane.sink.publication import publication_lock
from stack.endpoints import Endpoints
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"


def test_on_a_given_database_another_home_waits_too(stack: Endpoints, tmp_path: Path) -> None:
    here, there = (replace(stack, home=tmp_path / name, is_local=False) for name in ("here", "there"))
    published = Event()

    def publish_there() -> None:
        with publication_lock(there):
            published.set()

    other = Thread(target=publish_there)
    with publication_lock(here), psycopg.connect(stack.postgres_dsn, autocommit=True) as watcher:
        other.start()
        wait_for(lambda: watcher.execute(WAITING).fetchall() == [(1,)], what="the other to wait")
        assert not published.is_set()
    other.join(60)
    assert published.is_set()
