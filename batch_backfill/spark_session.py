"""The Spark session, with what the results depend on; where it runs is the caller's business."""

import logging

from pyspark.sql import SparkSession

RESULTS_DEPEND_ON = {
    # Clocks are New York wall-clock time, carried unchanged.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # Spark has no type for nanoseconds: batch_backfill/trips/raw_source.py makes clocks of them.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.compression.codec": "zstd",
    # A month that is replaced must not leave files of its old self behind, nor hide that it is not whole.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.hadoop.parquet.page.verify-checksum.enabled": "true",
}

LOCAL_FILES = {
    # Checksum files beside each file would be a second set of files for whoever reads the folder.
    "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}

TO_PYTHON = {
    # Spark's 10,000 rows are so few that handing a batch over takes longer than what is done with it.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "200000",
}

PARTITIONS = "spark.sql.shuffle.partitions"

QUIET_CONSOLE = {"spark.ui.showConsoleProgress": "false"}


def open_session(name: str) -> SparkSession:
    """The session that spark-submit made, or a new one."""
    builder = SparkSession.builder.appName(name)
    for key, value in (RESULTS_DEPEND_ON | LOCAL_FILES | TO_PYTHON | QUIET_CONSOLE).items():
        builder = builder.config(key, value)
    session: SparkSession = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)  # each error is told once, by us
    if not session.sparkContext.getConf().contains(PARTITIONS):
        # The 200 of Spark's are for a cluster: on two cores a small month would wait for empty tasks.
        session.conf.set(PARTITIONS, 4 * session.sparkContext.defaultParallelism)
    return session
