"""Runs of the Spark backfill: on this machine, on EMR Serverless, on a cluster of EMR; one interface."""
