"""Submits the job: reads trips from Kafka, serves average trip cost by pickup zone in Postgres."""

import sys

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway
from pyflink.table import StreamTableEnvironment

from flink_jobs.zone_fares.gaps import fail_on_deleted_records
from flink_jobs.zone_fares.settings import ZoneFaresSettings
from flink_jobs.zone_fares.statements import INSERTS, TABLES, statements
from flink_jobs.zone_fares.steps import name_steps

FAULT_TOLERANCE = {
    # A restart repeats at most this much; where checkpoints are kept is the cluster's business.
    "execution.checkpointing.interval": "5 s",
    "execution.checkpointing.min-pause": "1 s",
    "execution.checkpointing.mode": "EXACTLY_ONCE",
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    # A checkpoint may fail while Postgres is away; the job itself need not.
    "execution.checkpointing.tolerable-failed-checkpoints": "100",
    "restart-strategy.type": "exponential-delay",
    "restart-strategy.exponential-delay.initial-backoff": "1 s",
    "restart-strategy.exponential-delay.max-backoff": "30 s",
}


def configuration(settings: ZoneFaresSettings) -> Configuration:
    """What the job needs of the cluster, wherever it runs."""
    options = {
        **(_of_remote_cluster(settings) if settings.flink_rest_url else {}),
        "pipeline.name": settings.job_name,
        # Clocks are New York wall-clock time, carried unchanged; Kafka's timestamps hold them as if in UTC.
        "table.local-time-zone": "UTC",
    }
    if settings.flink_restore_from:
        options["execution.state-recovery.path"] = settings.flink_restore_from
    config = Configuration()
    for key, value in options.items():
        config.set_string(key, value)
    return config


def _of_remote_cluster(settings: ZoneFaresSettings) -> dict[str, str]:
    """What a managed cluster decides by itself."""
    host, _, port = settings.flink_rest_url.rpartition("/")[2].partition(":")
    return {
        **FAULT_TOLERANCE,
        "execution.target": "remote",
        "execution.attached": "false",
        "rest.address": host,
        "rest.port": port,
        "pipeline.jars": settings.jar_urls,
        "parallelism.default": str(settings.flink_parallelism),
    }


def attach(settings: ZoneFaresSettings) -> tuple[StreamExecutionEnvironment, list[str]]:
    """The job on its environment, ready to run, and the names of its steps."""
    config = configuration(settings)
    environment = (
        _remote_environment(config)
        if settings.flink_rest_url
        else StreamExecutionEnvironment.get_execution_environment(config)
    )
    tables = StreamTableEnvironment.create(environment)
    for file_name in TABLES:
        for statement in statements(file_name, settings):
            tables.execute_sql(statement)
    inserts = tables.create_statement_set()
    for statement in statements(INSERTS, settings):
        inserts.add_insert_sql(statement)
    inserts.attach_as_datastream()
    sinks = list(environment._j_stream_execution_environment.getTransformations())
    fail_on_deleted_records(sinks)
    return environment, name_steps(sinks)


def _remote_environment(config: Configuration) -> StreamExecutionEnvironment:
    # get_execution_environment() would start a cluster of its own here, whatever execution.target says.
    java_api = get_gateway().jvm.org.apache.flink.streaming.api.environment
    return StreamExecutionEnvironment(java_api.StreamExecutionEnvironment(config._j_configuration))


def main() -> int:
    """Submit the job; its id is the only line printed to standard output."""
    settings = ZoneFaresSettings()  # type: ignore[call-arg]  # read from the environment
    environment, _ = attach(settings)
    print(environment.execute_async(settings.job_name).get_job_id())  # noqa: T201 - data for the caller
    return 0


if __name__ == "__main__":
    sys.exit(main())
