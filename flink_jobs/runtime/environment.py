"""Create a job's Flink environment: on the local stack's cluster, or on the one that runs this program."""

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway

from flink_jobs.runtime.settings import JobSettings

FAULT_TOLERANCE = {
    # A restart replays at most this interval; the cluster decides where checkpoints are stored.
    "execution.checkpointing.interval": "5 s",
    "execution.checkpointing.min-pause": "1 s",
    "execution.checkpointing.mode": "EXACTLY_ONCE",
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    # A checkpoint may fail while Postgres is down; the job itself need not.
    "execution.checkpointing.tolerable-failed-checkpoints": "100",
    "restart-strategy.type": "exponential-delay",
    "restart-strategy.exponential-delay.initial-backoff": "1 s",
    "restart-strategy.exponential-delay.max-backoff": "30 s",
}


def execution_environment(settings: JobSettings) -> StreamExecutionEnvironment:
    """Return the environment to attach the job to."""
    config = Configuration()
    for key, value in _options(settings).items():
        config.set_string(key, value)
    if not settings.flink_rest_url:
        return StreamExecutionEnvironment.get_execution_environment(config)
    # get_execution_environment() would start a cluster of its own here, regardless of execution.target.
    java_api = get_gateway().jvm.org.apache.flink.streaming.api.environment
    return StreamExecutionEnvironment(java_api.StreamExecutionEnvironment(config._j_configuration))


def _options(settings: JobSettings) -> dict[str, str]:
    options = {
        **(_remote_options(settings) if settings.flink_rest_url else {}),
        "pipeline.name": settings.job_name,
        # Chained operators pass the row itself, not a copy. So no operator may change a row that came in, and
        # each copies what it keeps: those of Flink do, and so must our own (flink_jobs/java).
        "pipeline.object-reuse": "true",
        # Event times are New York wall-clock time, carried unchanged; Kafka timestamps hold them as if UTC.
        "table.local-time-zone": "UTC",
    }
    if settings.flink_restore_from:
        options["execution.state-recovery.path"] = settings.flink_restore_from
    return options


def _remote_options(settings: JobSettings) -> dict[str, str]:
    """Return the options that a managed cluster sets on its own."""
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
