"""The comparison with other stream processors: its arithmetic, its table, and one small run."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import fastavro
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer

from bench._expected_windows import ExpectedWindows, WindowSums
from bench._peer_run import Outcome, PeerRun, RunLimits, printed_sums
from bench._peers import PEERS, Peer, RunningPeer
from bench._processes import started
from bench.peer_programs.digest import Digest, mixed, mixed_sql
from bench.peer_programs.task import Task
from bench.peer_programs.trips import TripDecoder
from bench.peers import COLUMNS, chosen_peers, chosen_sinks, ratios
from schemas import trip
from schemas.rules import is_valid_sql
from stack.endpoints import Endpoints, Metrics
from stack.settings import ROOT


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


NOON = datetime.fromisoformat("2024-01-10 12:00:00")
EQUAL = WindowSums(records=3, windows=30, trips=45, cents=900, digest=7)


def outcome(peer: str, cpu: float, steady: float | None, sink: str = "nothing") -> Outcome:
    """A finished run of a million trips in ten seconds."""
    return Outcome(peer, sink, 1_000_000, 10.0, cpu, steady, 1.0, 2.0, 3.0, 60, "equal")


@pytest.mark.unit
def test_all_programs_run_unless_some_are_named() -> None:
    assert chosen_peers([]) == list(PEERS)
    assert [peer.name for peer in chosen_peers(["spark", "taxi"])] == ["taxi", "spark"]
    with pytest.raises(typer.BadParameter, match="no program storm; choose from taxi, taxi-windows, spark"):
        chosen_peers(["storm"])


@pytest.mark.unit
def test_both_sinks_are_measured_unless_one_is_named() -> None:
    assert chosen_sinks([]) == ["nothing", "postgres"]
    assert chosen_sinks(["postgres"]) == ["postgres"]
    with pytest.raises(typer.BadParameter, match="choose from nothing, postgres"):
        chosen_sinks(["disk"])


@pytest.mark.unit
def test_a_line_has_a_cell_for_each_column_also_where_a_program_did_not_run() -> None:
    assert len(outcome("spark", 50.0, None).cells()) == len(COLUMNS)
    left_out = Outcome.left_out("bytewax", "postgres", "has no sink").cells()
    assert len(left_out) == len(COLUMNS)
    assert (left_out[0], left_out[-1]) == ("bytewax", "has no sink")


@pytest.mark.unit
def test_ratios_compare_runs_into_the_same_sink_with_our_windows() -> None:
    runs = [
        outcome("taxi-windows", 20.0, 10.0),
        outcome("taxi-windows", 40.0, None, "postgres"),
        outcome("spark", 50.0, 30.0),
        outcome("spark", 60.0, 30.0, "postgres"),
        Outcome.left_out("pathway", "nothing", "printed nothing"),
        replace(outcome("bytewax", 80.0, None), windows="-2 windows, -5 counts of trips"),
    ]
    assert list(ratios(runs)) == [
        "spark into nothing: 2.50 times taxi-windows, 3.00 times in steady state",
        "spark into postgres: 1.50 times taxi-windows",
        "bytewax into nothing: 4.00 times taxi-windows; its windows differ",
    ]


@pytest.mark.unit
def test_a_difference_names_missing_windows_and_trips() -> None:
    assert EQUAL.difference(EQUAL) == "equal"
    assert WindowSums(3, 28, 40, 900, 7).difference(EQUAL) == "-2 windows, -5 counts of trips"
    assert WindowSums(3, 30, 45, 901, 8).difference(EQUAL) == "differ in sums"
    assert WindowSums(3, 30, 45, 900, 8).difference(EQUAL) == "differ in sums"


@pytest.mark.unit
def test_the_newest_sums_are_read_between_other_lines(tmp_path: Path) -> None:
    output = tmp_path / "output"
    assert printed_sums(output) == WindowSums()
    digest = Digest()
    digest.add(7, 28_000_000, 2, 1_500)
    line = json.dumps(vars(digest))
    output.write_text(f'WARN {{"a": 1}}\n{line}\nWARN later\n{{"records": 9, "wind')
    assert printed_sums(output) == WindowSums(0, 1, 2, 1_500, mixed(7, 28_000_000, 2, 1_500))


@pytest.mark.unit
def test_a_digest_is_the_same_in_sql_and_notices_an_exchange_between_windows() -> None:
    sql = mixed_sql(
        zone="265::bigint", minute="28400000::bigint", trips="900::bigint", cents="9000000::bigint"
    )
    assert duckdb.execute(f"select {sql}").fetchall() == [(mixed(265, 28_400_000, 900, 9_000_000),)]
    one, exchanged = Digest(), Digest()
    one.add(7, 100, 2, 500)
    one.add(8, 100, 3, 500)
    exchanged.add(7, 100, 3, 500)
    exchanged.add(8, 100, 2, 500)
    assert one.trips == exchanged.trips
    assert one.digest != exchanged.digest


@pytest.mark.unit
def test_a_replaced_window_counts_once() -> None:
    digest, expected = Digest(), Digest()
    digest.add(7, 100, 1, 500)
    digest.remove(7, 100, 1, 500)
    digest.add(7, 100, 2, 900)
    expected.add(7, 100, 2, 900)
    assert vars(digest) == vars(expected)


@pytest.mark.unit
@pytest.mark.parametrize("change", [
    {},
    {"pickup_zone_id": None},
    {"total_amount_cents": None},
    {"total_amount_cents": 0},
    {"total_amount_cents": 100_000},
    {"total_amount_cents": 100_001},
    {"pickup_zone_id": 0},
    {"pickup_zone_id": 265},
    {"pickup_zone_id": 266},
    {"dropoff_at": NOON},
    {"dropoff_at": NOON + timedelta(hours=24)},
    {"dropoff_at": NOON + timedelta(hours=24, milliseconds=1)},
    {"pickup_at": _at("2023-12-31 00:00:00"), "dropoff_at": _at("2023-12-31 00:09:00")},
    {"pickup_at": _at("2023-12-30 23:59:59"), "dropoff_at": _at("2023-12-31 00:09:00")},
    {"pickup_at": _at("2024-02-01 23:59:59"), "dropoff_at": _at("2024-02-02 00:09:00")},
    {"pickup_at": _at("2024-02-02 00:00:00"), "dropoff_at": _at("2024-02-02 00:09:00")},
])  # fmt: skip
def test_the_programs_keep_the_trips_that_the_rules_keep(change: dict[str, object]) -> None:
    schema = fastavro.parse_schema(trip.current().record)
    row = {
        "trip_id": "00000000-0000-0000-0000-000000000000",
        "taxi_type": "yellow",
        "source_file": "yellow_tripdata_2024-01.parquet",
        "source_month": date(2024, 1, 1),
        "pickup_at": NOON,
        "dropoff_at": NOON + timedelta(minutes=9),
        "pickup_zone_id": 7,
        "total_amount_cents": 1_500,
        **change,
    }
    record = io.BytesIO(b"\x00\x00\x00\x00\x01")
    record.seek(5)
    fastavro.schemaless_writer(record, schema, row)
    columns = ("source_month", "pickup_at", "dropoff_at", "pickup_zone_id", "total_amount_cents")
    relation = pa.table(
        {
            name: pa.array([row[name]], pa.date32() if name == "source_month" else _type(name))
            for name in columns
        }
    )
    with duckdb.connect() as connection:
        connection.register("relation", relation)
        (is_valid,) = connection.execute(f"select {is_valid_sql()} from relation").fetchall()[0]
    assert relation.num_rows == 1
    assert (TripDecoder(trip.current().text).decode(record.getvalue()) is not None) == is_valid


def _type(name: str) -> pa.DataType:
    return pa.timestamp("ms") if name.endswith("_at") else pa.int64()


@pytest.fixture
def one_trip(tmp_path: Path) -> ExpectedWindows:
    """The windows of one trip at 12:00 in zone 7: fifteen, which end at 12:01 to 12:15."""
    file = tmp_path / "green_tripdata_2024-01.parquet"
    row = {
        "lpep_pickup_datetime": NOON - timedelta(minutes=10),
        "lpep_dropoff_datetime": NOON,
        "PULocationID": 7,
        "total_amount": 10.0,
    }
    pq.write_table(pa.Table.from_pylist([row]), file)
    return ExpectedWindows(file, "green", "2024-01")


NOON_MINUTE = (NOON - _at("1970-01-01")) // timedelta(minutes=1)


@pytest.mark.unit
def test_rows_are_compared_with_the_oracle_one_by_one(one_trip: ExpectedWindows) -> None:
    lines = [f"7,{NOON_MINUTE + ahead},1,1000\n" for ahead in range(1, 16)]
    assert one_trip.sums.windows == 15
    assert one_trip.last_end == NOON + timedelta(minutes=15)
    assert one_trip.differences_of(_csv(lines)) == "equal"
    wrong = [f"7,{NOON_MINUTE + 1},1,999\n", *lines[2:], f"8,{NOON_MINUTE + 1},1,1000\n"]
    assert one_trip.differences_of(_csv(wrong)) == "1 missing, 1 additional, 1 differ"


WINDOWS_OF_THE_TRIP = f"""
import time
from bench.peer_programs.digest import Digest
digest = Digest()
digest.records = 1
for ahead in range(1, {{last}} + 1):
    digest.add(7, {NOON_MINUTE} + ahead, 1, 1000)
digest.write()
{{then}}
"""


@pytest.mark.unit
@pytest.mark.parametrize(
    ("last", "then", "windows"),
    [
        (15, "time.sleep(1000)", "equal"),
        (15, "", "equal"),
        (14, "time.sleep(1000)", "-1 windows, -1 counts of trips; no progress for 3 s"),
        (14, "", "-1 windows, -1 counts of trips"),
        (0, "raise SystemExit('no such broker')", "ended: no such broker"),
    ],
    ids=["runs on", "ends", "is stuck", "ends early", "fails"],
)
def test_a_run_ends_with_the_windows_or_when_nothing_moves(
    last: int, then: str, windows: str, one_trip: ExpectedWindows, tmp_path: Path
) -> None:
    code = WINDOWS_OF_THE_TRIP.format(last=last, then=then)
    if not last:
        code = then

    @contextmanager
    def start(task: Task, _endpoints: Endpoints) -> Iterator[RunningPeer]:
        output = Path(task.folder) / "output"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with started([sys.executable, "-c", code], environment, output) as process:
            yield RunningPeer([psutil.Process(process.pid)], output)

    task = Task("", "", "", 1, "tiny", str(tmp_path), "", 60, 1)
    run = PeerRun(Peer("tiny", "", start), task, one_trip, 1, RunLimits(3, 60))
    own = psutil.Process()
    found = run.outcome(
        Endpoints("", "", "", "", Metrics("", "", ""), tmp_path), {"kafka": own, "postgres": own}
    )
    assert found.windows == windows
    assert found.trips == (1 if last else 0)


def _csv(lines: list[str]) -> io.BytesIO:
    return io.BytesIO("".join(lines).encode())


@pytest.mark.unit
def test_a_program_ends_with_all_that_it_has_started(tmp_path: Path) -> None:
    output = tmp_path / "output"
    command = ["bash", "-c", "sleep 1000 & echo $!; wait"]
    with started(command, os.environ, output) as process:
        while not (text := output.read_text()).endswith("\n"):
            assert process.poll() is None
        child = Path(f"/proc/{text.strip()}")
        assert child.exists()
    assert process.returncode is not None
    assert not child.exists()


@pytest.mark.long("five stream processors run one after the other")
@pytest.mark.integration
def test_programs_of_each_kind_produce_the_windows_of_the_oracle(stack_environment: dict[str, str]) -> None:
    programs = ("taxi", "taxi-windows", "spark", "kafka-streams", "bytewax")
    only = [part for name in programs for part in ("--only", name)]
    bench = subprocess.run(
        [ROOT / "taxi", "bench", "peers", "--rows", "20000", "--delay-hours", "800", *only, "--json"],
        env={**os.environ, **stack_environment},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert bench.returncode == 0
    found = {(one["peer"], one["sink"]): one for one in json.loads(bench.stdout)}
    equal = {place for place, one in found.items() if one["windows"] == "equal"}
    assert equal == {
        ("taxi", "nothing"),
        ("taxi", "postgres"),
        ("taxi-windows", "nothing"),
        ("taxi-windows", "postgres"),
        ("spark", "nothing"),
        ("spark", "postgres"),
        ("kafka-streams", "nothing"),
        ("bytewax", "nothing"),
    }
    assert all(found[place]["cpu_per_million"] > 0 for place in equal)
