"""Publish prepared trips to Kafka at their pace, without loss."""
