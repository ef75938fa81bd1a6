"""The binary format in which the sink copies values, read by Postgres: no Flink runs, only its Java."""

import subprocess

import psycopg
import pytest

from stack.endpoints import Endpoints
from stack.toolchain.java import java

pytestmark = pytest.mark.integration

IMPOSSIBLE = [
    *["day 22008 0 0"] * 2, "millis 22008 0 0", "micros 22008 0 0",
    *["ident 22P02 0 0"] * 3, "ident_bytes 22P02 0 0",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_postgres_reads_every_value_as_it_was(stack: Endpoints, classes: str, seed: int) -> None:
    database = psycopg.conninfo.conninfo_to_dict(stack.postgres_dsn)
    url = "jdbc:postgresql://{host}:{port}/{dbname}?user={user}".format(**database)
    command = [java(), "-cp", classes, "nyc.taxi.flink.CopyProbe", url, str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["4000 rows of 27 columns", *IMPOSSIBLE]
