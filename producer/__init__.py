"""Publish TLC trips to Kafka as they happened."""
