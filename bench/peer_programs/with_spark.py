"""Compute the windows with Spark Structured Streaming; a second argument `panes` shares sums of a minute."""

import json
import sys
from typing import Any
from urllib.parse import urlsplit

from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from pyspark.sql.avro.functions import from_avro

from bench.peer_programs.digest import Digest, mixed_sql
from bench.peer_programs.task import Task
from bench.peer_programs.trip_schema import READERS_SCHEMA, without_logical_types
from schemas.rules import is_valid_sql

TRIP = """
timestamp_millis(trip.pickup_at) as pickup_at,
timestamp_millis(trip.dropoff_at) as dropoff_at,
date_from_unix_date(trip.source_month) as source_month,
trip.pickup_zone_id as pickup_zone_id,
trip.total_amount_cents as total_amount_cents,
timestamp as published_at,
value is null as is_marker
"""
VALID_TRIP = """
case when {valid} then pickup_zone_id end as zone,
case when {valid} then total_amount_cents end as cents,
case when {valid} then dropoff_at when is_marker then published_at else timestamp_seconds(0) end as event_time
"""
"""A progress marker moves the watermark and is in no window: its zone is null."""
RESULT = """
cast(zone as bigint) as zone,
cast(unix_seconds(window.end) div 60 as bigint) as minute,
trips,
cents,
window.start as window_start,
window.end as window_end
"""


def main() -> None:
    """Run until the benchmark ends this program."""
    task, digest = Task.of_command_line(), Digest()
    spark = SparkSession.builder.appName(task.name).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    trips = _trips(spark, task)
    sums = _sums_by_panes(trips) if sys.argv[2:] == ["panes"] else _sums(trips)
    # Trips of a result, not its zone: Spark would move a condition on the zone before the watermark.
    windows = sums.where("trips > 0").selectExpr(*_columns(RESULT))

    def write(batch: Any, _: int) -> None:
        if task.dsn:
            _write_to_postgres(batch, task)
        else:
            _add_up(batch, digest)

    query = (
        windows.writeStream.outputMode("append")
        .foreachBatch(write)
        .option("checkpointLocation", f"{task.folder}/checkpoint")
        .start()
    )
    batches: dict[int, int] = {}
    while query.isActive:
        query.awaitTermination(1)
        batches |= {one["batchId"]: one["numInputRows"] for one in query.recentProgress}
        digest.records = sum(batches.values())
        digest.write()


def _trips(spark: SparkSession, task: Task) -> Any:
    """Return zone, cents and event time of every record."""
    records = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", task.brokers)
        .option("subscribe", task.topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", task.records_a_batch)
        .load()
    )
    writer = json.dumps(without_logical_types(json.loads(task.writers_schema)))
    trip = from_avro(f.expr("substring(value, 6)"), writer, {"avroSchema": json.dumps(READERS_SCHEMA)})
    columns = records.withColumn("trip", trip).selectExpr(*_columns(TRIP))
    selected = columns.selectExpr(*_columns(VALID_TRIP.format(valid=is_valid_sql())))
    return selected.withWatermark("event_time", f"{task.delay_seconds} seconds")


def _sums(trips: Any) -> Any:
    """Return the sums as the programming guide shows: each trip is added to fifteen windows."""
    window = f.window("event_time", "15 minutes", "1 minute")
    return trips.groupBy(window, "zone").agg(f.count("cents").alias("trips"), f.sum("cents").alias("cents"))


def _sums_by_panes(trips: Any) -> Any:
    """Return the sums by chained time windows: of a minute, then of fifteen of them."""
    minutes = trips.groupBy(f.window("event_time", "1 minute"), "zone").agg(
        f.count("cents").alias("trips"), f.sum("cents").alias("cents")
    )
    window = f.window(f.window_time("window"), "15 minutes", "1 minute")
    return minutes.groupBy(window.alias("window"), "zone").agg(
        f.sum("trips").alias("trips"), f.sum("cents").alias("cents")
    )


def _add_up(batch: Any, digest: Digest) -> None:
    mixed = mixed_sql(zone="zone", minute="minute", trips="trips", cents="cents")
    (row,) = batch.selectExpr("count(*)", "sum(trips)", "sum(cents)", f"sum({mixed})").collect()
    windows, trips, cents, mixed_sum = (value or 0 for value in row)
    digest.windows += windows
    digest.trips += trips
    digest.cents += cents
    digest.digest += mixed_sum


def _write_to_postgres(batch: Any, task: Task) -> None:
    dsn = urlsplit(task.dsn)
    url = f"jdbc:postgresql://{dsn.hostname}:{dsn.port}{dsn.path}?reWriteBatchedInserts=true"
    options = {"user": dsn.username or "", "driver": "org.postgresql.Driver", "batchsize": "10000"}
    columns = ("zone", "minute", "trips", "cents", "window_start", "window_end")
    batch.select(*columns).write.jdbc(url, task.table, mode="append", properties=options)


def _columns(text: str) -> list[str]:
    """Split a select list at the ends of its lines."""
    return [line.strip().removesuffix(",") for line in text.strip().splitlines()]


if __name__ == "__main__":
    main()
