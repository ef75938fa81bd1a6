"""The life cycle of a Flink job: deploy, stop, upgrade, roll back, restart."""
