"""Process months and years of trips with Spark: the same trips and windows as the stream's."""
