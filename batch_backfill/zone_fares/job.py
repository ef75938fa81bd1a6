"""From the trips of a month to the average cost by pickup zone over 15 minutes, every minute."""

from pyspark.sql import DataFrame

from batch_backfill.sql import query


def zone_fares(trips: DataFrame) -> DataFrame:
    """The windows that have trips; `trips` has `pickup_zone_id, dropoff_at, total_amount_cents`."""
    session = trips.sparkSession
    trips.createOrReplaceTempView("trips")
    session.sql(query("zone_fares", "panes.sql")).createOrReplaceTempView("panes")
    return session.sql(query("zone_fares", "windows.sql"))
