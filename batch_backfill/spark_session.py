"""Open the Spark session with the settings that results depend on; the caller decides where it runs."""

import logging

from pyspark.sql import SparkSession

RESULTS_DEPEND_ON = {
    # Event times are New York wall-clock time, carried unchanged.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # Spark has no nanosecond type: batch_backfill/trips/raw_source.py converts such timestamps.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.compression.codec": "zstd",
    # A replaced month must not leave old files behind, nor hide that it is incomplete.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.hadoop.parquet.page.verify-checksum.enabled": "true",
}

LOCAL_FILES = {
    # Checksum files next to each file would be a second set of files for every reader of the folder.
    "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}

TO_PYTHON = {
    # With Spark's default of 10,000 rows, passing a batch takes longer than processing it.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "200000",
}

COMPILED = {
    # Java never compiles a longer method. Spark would generate one for the normalisation, and interpret it.
    "spark.sql.codegen.hugeMethodLimit": "8000",
}

PARTITIONS = "spark.sql.shuffle.partitions"

QUIET_CONSOLE = {"spark.ui.showConsoleProgress": "false"}


def open_session(name: str) -> SparkSession:
    """Return the session that spark-submit made, or a new one."""
    builder = SparkSession.builder.appName(name)
    for key, value in (RESULTS_DEPEND_ON | LOCAL_FILES | TO_PYTHON | COMPILED | QUIET_CONSOLE).items():
        builder = builder.config(key, value)
    session: SparkSession = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)  # we report each error once
    if not session.sparkContext.getConf().contains(PARTITIONS):
        # Spark's default of 200 is for a cluster: on two cores a small month would wait for empty tasks.
        session.conf.set(PARTITIONS, 4 * session.sparkContext.defaultParallelism)
    return session


def sibling(session: SparkSession) -> SparkSession:
    """Return a session of the same application with the same settings, and views and functions of its own."""
    other = session.newSession()
    for key in (*RESULTS_DEPEND_ON, *TO_PYTHON, *COMPILED, PARTITIONS):
        if key.startswith("spark.sql."):
            other.conf.set(key, session.conf.get(key))
    return other
