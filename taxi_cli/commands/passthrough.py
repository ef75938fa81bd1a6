"""Other programs' own command lines, in the right environment and pointed at the stack."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from control_plane import marts
from control_plane.settings import MartsSettings, SparkSettings
from control_plane.spark import local_submit
from control_plane.spark import local_submit as spark_local
from schemas.errors import UserError
from stack.endpoints import Endpoints
from stack.services import airflow as airflow_service
from stack.services import flink as flink_service
from stack.services import postgres
from stack.settings import ROOT, StackSettings, user_environment
from stack.toolchain import environments as bootstrap
from stack.toolchain import flink_wheel

SPARK_BENCHES = {"backfill": "bench", "skew": "batch"}
"""Benchmarks that need no stack but Spark, and the environment of each."""


def psql(arguments: Sequence[str]) -> None:
    """Postgres' psql on the sink."""
    endpoints = Endpoints.of_running_stack()
    if endpoints.secrets:
        raise UserError(
            "the psql that comes with the platform knows no TLS", "use ./taxi sql, or a psql of your own"
        )
    program = postgres.client_program("psql")
    _exec([str(program), endpoints.postgres_dsn, *arguments], endpoints.as_environment())


def flink(arguments: Sequence[str]) -> None:
    """Flink's client on the stack's cluster."""
    endpoints = Endpoints.of_running_stack()
    program = flink_wheel.distribution() / "bin" / "flink"
    environment = {**endpoints.as_environment(), **flink_service.client_environment(endpoints.home)}
    _exec([str(program), *arguments], environment)


def airflow(arguments: Sequence[str]) -> None:
    """Airflow's own command line, on the Airflow of the stack."""
    from stack import lifecycle  # noqa: PLC0415

    site = lifecycle.running_site(StackSettings.from_environment())
    if airflow_service.NAME not in site.extra_ports:
        raise UserError("this stack has no Airflow", "./taxi up --with airflow")
    _exec([str(airflow_service.program()), *arguments], airflow_service.environment(site))


def spark(arguments: Sequence[str]) -> None:
    """Spark's spark-submit, on this machine; our packages can be imported."""
    settings = SparkSettings.from_environment()
    options = local_submit.s3_options(arguments, settings)
    _exec(spark_local.submit_command([*options, *arguments]), spark_local.environment(settings.home))


def producer(command: str, arguments: Sequence[str], *, needs_kafka: bool) -> None:
    """A command of the producer, with the stack's endpoints."""
    _exec(
        [sys.executable, "-m", "producer", command, *arguments], _producer_endpoints(needs_kafka=needs_kafka)
    )


def dbt(arguments: Sequence[str]) -> None:
    """dbt's own command line, on the live tables or the processed history."""
    run = marts.dbt_run(arguments, MartsSettings.from_environment())
    os.execve(run.command[0], list(run.command), dict(run.environment))  # noqa: S606 - no shell is meant


def bench(arguments: Sequence[str]) -> None:
    """A benchmark of `bench/`, by its name."""
    known = sorted(path.stem for path in (ROOT / "bench").glob("*.py") if path.stem[0] != "_")
    if not arguments or arguments[0] not in known:
        raise UserError(f"there is no benchmark {' '.join(arguments[:1])}", f"there are: {', '.join(known)}")
    if arguments[0] in SPARK_BENCHES:
        home = StackSettings.from_environment().home
        python = bootstrap.ensure_environment(SPARK_BENCHES[arguments[0]]) / "bin" / "python"
        command = [str(python), "-m", f"bench.{arguments[0]}", *arguments[1:]]
        _exec(command, {"TAXI_HOME": str(home), **spark_local.environment(home)})
    endpoints = Endpoints.of_running_stack()
    command = [sys.executable, "-m", f"bench.{arguments[0]}", *arguments[1:]]
    _exec(command, {"TAXI_HOME": str(endpoints.home), **endpoints.as_environment()})


def tool(arguments: Sequence[str]) -> None:
    """A tool of the developers' environment."""
    if not arguments:
        raise UserError("which tool?", "for example ./taxi tool pytest -m unit")
    programs = bootstrap.ensure_environment("dev") / "bin"
    path = f"{programs}{os.pathsep}{user_environment().get('PATH', '')}"
    _exec([str(_found(programs, arguments[0])), *arguments[1:]], {"PATH": path, "PYTHONPATH": str(ROOT)})


def _producer_endpoints(*, needs_kafka: bool) -> Mapping[str, str]:
    """A person who names a Kafka means it; else the stack's addresses."""
    if StackSettings.from_environment().kafka_bootstrap_servers:
        return {}
    try:
        return Endpoints.of_running_stack().producer_environment()
    except UserError:
        if needs_kafka:
            raise
        return {}


def _found(programs: Path, name: str) -> Path:
    program = programs / name
    if not program.exists():
        raise UserError(f"there is no tool {name}", f"see {programs}")
    return program


def _exec(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Replace this process: signals and the exit code are then the program's own."""
    os.execve(command[0], list(command), {**user_environment(), **environment})  # noqa: S606 - no shell is meant
