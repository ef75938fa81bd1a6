"""The runtime of every Flink job of this platform: a job is its own folder of SQL, plus this."""
