"""What is sent to AWS: the Flink job's zip and the Spark job's archive, the same bytes from the same tree."""
