"""Reprocessing months: the same Flink SQL, bounded, over a topic of its own, into the same tables."""
