"""The same history under an s3:// address."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.dbt.marts_environments import DuckdbMarts, run
from tests.dbt.synthetic_trips import month_of_trips
from tests.producer.s3_server import BUCKET, CREDENTIALS, s3_server

pytestmark = pytest.mark.unit


def test_marts_are_built_from_months_on_s3_by_the_standard_credentials(tmp_path: Path) -> None:
    marts_environment = DuckdbMarts(tmp_path)
    marts_environment.hold({month: month_of_trips(month) for month in ("2020-06", "2020-12")})
    with s3_server() as server:
        for file in marts_environment.history.folder.rglob("*.parquet"):
            key = f"processed-data/{file.relative_to(marts_environment.history.folder)}"
            server.client.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())
        command = marts_environment.dbt("build", "--exclude-resource-types", "test", "unit_test")
        elsewhere = {"PROCESSED_DATA": f"s3://{BUCKET}/processed-data", "S3_ENDPOINT_URL": server.url}
        run(replace(command, environment={**command.environment, **CREDENTIALS, **elsewhere}))
    counts = marts_environment.rows(
        "select source_month, count(*) from marts.fct_trips group by 1 order by 1"
    )
    assert counts == [("2020-06-01", "200"), ("2020-12-01", "200")]
    fares = marts_environment.rows(
        "select sum(trips) from marts.fct_zone_fares_15m where minute(window_end) % 15 = 0"
    )
    assert fares == [("400",)]
