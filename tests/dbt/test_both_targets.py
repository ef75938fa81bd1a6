"""One real month, replayed through the stream and processed as history: the same marts, row for row."""

import subprocess
from pathlib import Path

import duckdb
import pytest

from stack.endpoints import Endpoints
from stack.settings import ROOT
from tests.dbt.live_tables import LiveTables
from tests.dbt.processed_files import ProcessedFiles
from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import first_days
from tests.platform import Platform

pytestmark = [
    pytest.mark.integration,
    pytest.mark.long("replays days, makes a history of them, and builds the marts of both"),
]

MARTS = (
    "fct_trips",
    "fct_zone_fares_15m",
    "agg_zone_day",
    "agg_zone_weekday_hour",
    "dim_zones",
    "dim_datetime",
)


def build_marts(platform: Platform, target: str, history: ProcessedFiles, database: Path) -> None:
    """Build them as a person does."""
    variables = {"PROCESSED_DATA": str(history.folder), "MARTS_DUCKDB": str(database)}
    done = subprocess.run(
        [str(ROOT / "taxi"), "marts", "--target", target],
        env={**platform.environment, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(1500)  # a busy machine takes many times the minute of a quiet one
def test_a_replayed_month_has_the_same_marts_as_its_processed_history(
    stack: Endpoints, tmp_path: Path
) -> None:
    month = first_days("green_tripdata_2023-12.parquet")
    oracle = Oracle([month], "green", "2023-12")
    platform = Platform.fresh(stack)
    LiveTables(stack.postgres_dsn, tmp_path).empty()
    published = platform.replay(month, "--speedup", "max")
    assert published.returncode == 0, published.stderr
    platform.balanced_ledger()
    history, database = ProcessedFiles(tmp_path / "processed-data"), tmp_path / "taxi.duckdb"
    history.replace("green", "2023-12", oracle.valid_trips(), oracle.zone_fares_15m())

    for target in ("postgres", "duckdb"):
        build_marts(platform, target, history, database)

    with duckdb.connect(str(database), read_only=True) as processed:
        for mart in MARTS:
            query = f"select * from marts.{mart}"
            assert_same_rows(processed.sql(query), platform.rows(query, tmp_path))
        trips = processed.sql(f"select {', '.join(oracle.valid_trips().columns)} from marts.fct_trips")
        assert_same_rows(oracle.valid_trips(), trips)
        fares = processed.sql(
            f"select {', '.join(oracle.zone_fares_15m().columns)} from marts.fct_zone_fares_15m"
        )
        assert_same_rows(oracle.zone_fares_15m(), fares)
