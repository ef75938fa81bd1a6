"""Prepared trips, published to Kafka at their pace, and never lost."""
