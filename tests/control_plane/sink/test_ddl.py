"""DDL beside readers, on a Postgres of the tests' own."""

import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shutil import copytree
from threading import Event, Thread

import psycopg
import pytest

from control_plane.sink import ddl
from control_plane.sink import table_sets as tables
from control_plane.sink.ddl import statements
from control_plane.sink.table_sets import DDL_FOLDER, FIRST_SET, TABLE_SET_FOLDER
from control_plane.sink.views import ViewSwitch
from schemas.errors import UserError
from tests.lone_postgres import lone_postgres

READERS = 4
LONGEST_QUEUE_SECONDS = 10.0
"""Many waits of a change for its locks; readers that queue behind one until it gives up wait longer."""
VIEWS = ("trip_ledger", "zone_fares_now", "late_trips", "quarantined_trips", "zone_fares_15m", "trips")
LONGEST_SWITCH_SECONDS, TRANSACTIONS_OF_A_SWITCH = 10.0, 6
"""Where a busy machine makes the readers slow, so many of their transactions."""
ROWS_OF_A_SET = (
    """
    insert into late_arrivals (
        topic, partition, kafka_offset, arrived_at, trip_id, taxi_type, source_file, source_month, pickup_at,
        dropoff_at, pickup_zone_id, total_amount_cents
    ) values (
        'trips', 0, 1, '2024-01-10 13:00', '00000000-0000-4000-8000-000000000001', 'green', 'f', '2024-01-01',
        '2024-01-10 10:50', '2024-01-10 11:00:30', 74, 700
    )
    """,
    """
    insert into quarantined_arrivals (
        topic, partition, kafka_offset, arrived_at, trip_id, taxi_type, rules, source_file, source_month
    ) values (
        'trips', 0, 2, '2024-01-10 13:00', '00000000-0000-4000-8000-000000000002', 'green',
        '{non_positive_total}', 'f', '2024-01-01'
    )
    """,
    "insert into received_records values ('green', '2024-01-10 11:00', 'after_close', 1)",
)
SHARED = ("zones", "switches", "backfill_runs", "parity_reports")
OBJECTS = """
select 'view', oid::text, xmin::text
from pg_class where relnamespace::regnamespace::text ~ '^taxi' and relkind = 'v'
union all
select 'trigger', pg_trigger.oid::text, pg_trigger.xmin::text
from pg_trigger join pg_class on tgrelid = pg_class.oid where relnamespace::regnamespace::text ~ '^taxi'
union all
select 'rule', pg_rewrite.oid::text, pg_rewrite.xmin::text
from pg_rewrite join pg_class on ev_class = pg_class.oid where relnamespace::regnamespace::text ~ '^taxi'
union all
select 'zone', zone_id::text, xmin::text from taxi.zones
"""


CHANGES = (
    (
        "01_zone_fares_15m.sql",
        "where newest.window_end is not null;",
        "where newest.window_end > '2000-01-01';",
    ),
    ("02_trips.sql", "where withdrawn_by is null;", "where withdrawn_by is null and total_amount_cents > 0;"),
    ("04_late_trips.sql", "when (not old.on_time)", "when (not old.on_time and old.trip_id is not null)"),
    ("05_trip_ledger.sql", "from balances;", "from balances where received >= 0;"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with lone_postgres(tmp_path_factory.mktemp("ddl")) as dsn:
        yield dsn


@pytest.fixture
def dsn(server: str) -> Iterator[str]:
    """A database with the first table set."""
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute("create database work")
        work = server.removesuffix("/taxi") + "/work"
        tables.set_up(work)
        yield work
        owner.execute("drop database work with (force)")


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The files of a later release: views, a trigger and an index are others."""
    copytree(DDL_FOLDER.parent, tmp_path / "schemas", ignore=lambda *_: ["__pycache__"])
    folder = tmp_path / "schemas" / "postgres" / "table_set"
    assert folder.relative_to(tmp_path / "schemas") == TABLE_SET_FOLDER.relative_to(DDL_FOLDER.parent)
    for name, old, new in CHANGES:
        path = folder / name
        assert old in path.read_text("utf-8")
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    (folder / "99_more.sql").write_text(
        "create or replace view zone_fares_15m_count as select count(*) as windows from zone_fares_15m;\n"
        "create index if not exists late_arrivals_zone on late_arrivals (pickup_zone_id);\n"
    )
    return folder


@dataclass
class Readers:
    """What loops over the views saw."""

    dsn: str
    views_at_once: int
    longest_seconds: float = 0
    queries: int = 0
    failures: list[str] = field(default_factory=list)
    seen: set[tuple[tuple[str, int], ...]] = field(default_factory=set)
    """The views of a transaction, each with its number of rows."""
    over: Event = field(default_factory=Event)

    def loop(self, first: int) -> None:
        """Read one view after the other, so many in a transaction."""
        with psycopg.connect(self.dsn, application_name="reader") as connection:
            names = [*VIEWS[first:], *VIEWS[:first]]
            while not self.over.is_set():
                for views in [names[at : at + self.views_at_once] for at in range(len(names))]:
                    self._read(connection, views)

    def _read(self, connection: psycopg.Connection[tuple[int]], views: Sequence[str]) -> None:
        begun = time.monotonic()
        try:
            self.seen.add(tuple((view, rows(connection, view)) for view in views))
            connection.commit()
        except psycopg.Error as error:
            self.failures.append(str(error))
            connection.rollback()
        self.queries += 1
        self.longest_seconds = max(self.longest_seconds, time.monotonic() - begun)


def rows(connection: psycopg.Connection[tuple[int]], view: str) -> int:
    """How many a view of `taxi` shows."""
    (count,) = connection.execute(f"select count(*) from taxi.{view}".encode()).fetchone() or (0,)
    return count


@contextmanager
def looping_readers(dsn: str, views_at_once: int = 2) -> Iterator[Readers]:
    """Four sessions that read without a pause."""
    readers = Readers(dsn, views_at_once)
    threads = [Thread(target=readers.loop, args=(number,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield readers
    finally:
        readers.over.set()
        for thread in threads:
            thread.join(60)


@pytest.mark.integration
def test_tables_are_brought_up_to_date_beside_looping_readers(dsn: str, changed: Path) -> None:
    with looping_readers(dsn) as readers:
        for folder in (TABLE_SET_FOLDER, changed, TABLE_SET_FOLDER, changed):
            tables.set_up(dsn, FIRST_SET, folder)
    assert readers.failures == []
    assert readers.queries > READERS
    assert readers.longest_seconds < LONGEST_QUEUE_SECONDS


@pytest.mark.integration
def test_a_set_that_is_as_its_files_say_is_left_alone(dsn: str) -> None:
    """Also while somebody reads it in a transaction that stays open."""
    with psycopg.connect(dsn) as reader:
        for view in (*VIEWS, *SHARED):
            reader.execute(f"select from taxi.{view}".encode())
        before = set(reader.execute(OBJECTS).fetchall())
        begun = time.monotonic()
        tables.set_up(dsn, FIRST_SET)
        assert time.monotonic() - begun < ddl.UNREAD_SECONDS / 2
        reader.rollback()
        assert set(reader.execute(OBJECTS).fetchall()) == before


@pytest.mark.integration
def test_what_was_removed_or_changed_by_hand_is_restored(dsn: str) -> None:
    with psycopg.connect(dsn) as owner:
        owner.execute(f"drop view taxi.trip_ledger, {FIRST_SET}.trip_ledger")
        owner.execute(f"drop trigger count_late_arrivals on {FIRST_SET}.late_arrivals")
        owner.execute(f"drop trigger keep_published_values on {FIRST_SET}.all_trips")
        (shown,) = owner.execute(f"select pg_get_viewdef('{FIRST_SET}.trips'::regclass)").fetchone() or ("",)
        owner.execute(f"create or replace view {FIRST_SET}.trips as {shown.rstrip(';')} and false".encode())
    tables.set_up(dsn, FIRST_SET)
    with psycopg.connect(dsn) as owner:
        assert owner.execute("select count(*) from taxi.trip_ledger").fetchone() == (0,)
        names = "('count_late_arrivals', 'keep_published_values')"
        found = owner.execute(
            f"select count(distinct tgname) from pg_trigger where tgname in {names}".encode()
        )
        assert found.fetchone() == (2,)
        assert owner.execute(f"select pg_get_viewdef('{FIRST_SET}.trips'::regclass)").fetchone() == (shown,)


@pytest.mark.integration
def test_a_reader_that_stays_is_named_and_holds_up_nobody_else(
    dsn: str, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ddl, "UNREAD_SECONDS", 6.0)
    with psycopg.connect(dsn, application_name="a notebook") as reader, ThreadPoolExecutor() as pool:
        reader.execute("select count(*) from taxi.trip_ledger")
        begun = time.monotonic()
        change = pool.submit(tables.set_up, dsn, FIRST_SET, changed)
        with looping_readers(dsn) as others:
            failure = change.exception(60)
        waited_seconds = time.monotonic() - begun
        pid = reader.info.backend_pid
    assert isinstance(failure, UserError)
    assert re.search(
        rf"waiting for the locks of readers of taxi\.\*: pid {pid} \(a notebook, idle in transaction"
        r" for \d+ s: select count\(\*\) from taxi\.trip_ledger\)",
        failure.message,
    ), failure.message
    assert others.failures == []
    # Behind a change that holds its lock request, they would have waited as long as it did.
    assert others.longest_seconds < waited_seconds / 2


@pytest.mark.integration
def test_two_that_set_up_at_once_wait_for_one_another(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as owner, ThreadPoolExecutor() as pool:
        owner.execute("create database twice")
        try:
            dsn = server.removesuffix("/taxi") + "/twice"
            for done in [pool.submit(tables.set_up, dsn) for _ in range(3)]:
                done.result(120)
            assert tables.served(dsn) == FIRST_SET
        finally:
            owner.execute("drop database twice with (force)")


@pytest.mark.integration
def test_a_switch_takes_seconds_beside_looping_readers_and_none_sees_half_of_each(dsn: str) -> None:
    tables.set_up(dsn, "taxi_2")
    with psycopg.connect(dsn) as owner:
        for statement in ROWS_OF_A_SET:
            owner.execute(f"set search_path to taxi_2; {statement}".encode())
    shown = {table_set: shown_alone(dsn, table_set) for table_set in ("taxi_2", FIRST_SET)}
    assert {view for view in VIEWS if shown["taxi_2"][view] != shown[FIRST_SET][view]} >= {
        *("trip_ledger", "late_trips", "quarantined_trips", "zone_fares_15m", "trips")
    }
    took = []
    with looping_readers(dsn) as readers:
        for table_set in ("taxi_2", FIRST_SET, "taxi_2"):
            begun = time.monotonic()
            tables.serve(dsn, table_set)
            took.append(time.monotonic() - begun)
    assert max(took) < max(LONGEST_SWITCH_SECONDS, TRANSACTIONS_OF_A_SWITCH * readers.longest_seconds)
    assert readers.failures == []
    mixed = [
        counts for counts in readers.seen if not any(set(counts) <= set(of.items()) for of in shown.values())
    ]
    assert mixed == []
    with psycopg.connect(dsn) as reader:
        assert {view: rows(reader, view) for view in VIEWS} == shown["taxi_2"]
    assert sets_of_views(dsn) == {"taxi_2"}


def shown_alone(dsn: str, table_set: str) -> dict[str, int]:
    """The rows of each view while this set is served."""
    tables.serve(dsn, table_set)
    with psycopg.connect(dsn) as reader:
        return {view: rows(reader, view) for view in VIEWS}


@pytest.mark.integration
def test_what_a_killed_switch_leaves_shows_the_served_set_and_is_put_right(dsn: str) -> None:
    tables.set_up(dsn, "taxi_2")
    with psycopg.connect(dsn) as owner:
        for statement in ROWS_OF_A_SET:
            owner.execute(f"set search_path to {FIRST_SET}; {statement}".encode())
    before = shown_alone(dsn, FIRST_SET)
    # The latter would drop the views with the set.
    repairs = (partial(tables.set_up, dsn), partial(tables.drop, dsn, "taxi_2"))
    for repair in repairs:
        switch = ViewSwitch("taxi_2", contended=[*VIEWS])
        ddl.step_by_step(dsn, switch.prepare)
        assert sets_of_views(dsn) == {FIRST_SET, "taxi_2"}
        for _ in range(2):
            with psycopg.connect(dsn) as reader:
                assert {view: rows(reader, view) for view in VIEWS} == before
            repair()
        assert sets_of_views(dsn) == {FIRST_SET}


def sets_of_views(dsn: str) -> set[str]:
    """The sets that the views of `taxi` read."""
    with psycopg.connect(dsn) as reader:
        found = reader.execute("select definition from pg_views where schemaname = 'taxi'").fetchall()
    return set(re.findall(r"\btaxi_\d+(?=\.)", " ".join(text for (text,) in found)))


@pytest.mark.integration
def test_a_set_is_emptied_and_dropped_beside_looping_readers(dsn: str) -> None:
    tables.set_up(dsn, "taxi_2")
    with looping_readers(dsn, views_at_once=1) as readers:
        tables.empty(dsn, FIRST_SET)
        tables.serve(dsn, "taxi_2")
        tables.drop(dsn, FIRST_SET)
    assert [failure for failure in readers.failures if "deadlock" in failure] == []


@pytest.mark.unit
def test_a_file_falls_apart_into_its_statements() -> None:
    text = """
    -- A comment; with a semicolon.
    create table one (name text default 'a;b');
    create function two() returns void language plpgsql as $$ begin; end; $$;
    create function three() returns void language sql
    begin atomic
        select 1;
        select 2;
    end;
    do $body$ select 4; $body$
    """
    names = [statement.partition("(")[0].split()[-1] for statement in statements(text)]
    assert names == ["one", "two", "three", "$body$"]


@pytest.mark.unit
def test_every_file_of_ours_falls_apart_where_its_lines_end() -> None:
    """Postgres would take the same text whole: nothing of it may be lost."""
    for path in DDL_FOLDER.rglob("*.sql"):
        text = path.read_text("utf-8")
        whole = re.sub(r"(?m)^\s*--.*$|\s|;", "", text)
        assert re.sub(r"(?m)^\s*--.*$|\s|;", "", "".join(statements(text))) == whole, path
