"""Airflow on a stack with locks: a role of its own, over TLS, and tasks that work."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from control_plane import start
from schemas.errors import UserError
from stack import lifecycle
from stack.security.secrets import AIRFLOW, Secrets
from stack.settings import StackSettings
from tests.airflow_dags.airflow_server import Airflow

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

CONNECTIONS = """
select usename, bool_and(ssl) from pg_stat_activity join pg_stat_ssl using (pid)
where datname = 'airflow' and client_addr is not null group by usename
"""


@pytest.fixture(scope="module")
def airflow(stack_settings: StackSettings) -> Iterator[Airflow]:
    """Airflow on a stack with locks, in a home of its own."""
    settings = replace(stack_settings, home=stack_settings.home.with_name("secure-airflow"))
    lifecycle.down(settings, purge=True)
    try:
        with Airflow.of(start.up(settings, extras=["airflow"], secure=True)) as airflow:
            yield airflow
    finally:
        lifecycle.down(settings, purge=True)


def test_a_task_deploys_the_job_and_airflows_tables_are_behind_the_locks(airflow: Airflow) -> None:
    assert airflow.run("flink_job_lifecycle", action="deploy")[""] == "success"

    with psycopg.connect(airflow.endpoints.postgres_dsn) as owner:
        assert owner.execute(CONNECTIONS).fetchall() == [(AIRFLOW, True)]
    password = Secrets(airflow.endpoints.home).postgres_password(AIRFLOW).encode()
    written = [path for path in (airflow.endpoints.home / "airflow").rglob("*") if path.is_file()]
    assert [path.name for path in written if password in path.read_bytes()] == []


def test_a_store_whose_key_everybody_knows_is_refused(
    airflow: Airflow, stack_settings: StackSettings
) -> None:
    settings = replace(stack_settings, home=airflow.endpoints.home)
    with pytest.raises(UserError, match="s3 is not possible on a secure stack"):
        start.up(settings, extras=["s3"])
