"""The packages for AWS: the Flink job's zip and the Spark job's archive, byte-identical for the same tree."""
