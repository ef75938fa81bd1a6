"""Months and years of trips by Spark: the same trips and windows as the stream's."""
