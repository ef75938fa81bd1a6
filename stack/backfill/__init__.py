"""`./taxi backfill`: months by Spark, from the TLC's files to what people read."""
