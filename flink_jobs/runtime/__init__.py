"""What every Flink job of this platform needs: a job is its own folder of SQL, and this."""
