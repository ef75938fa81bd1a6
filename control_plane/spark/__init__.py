"""Runs of the Spark backfill behind one interface: on this machine, on EMR Serverless, on an EMR cluster."""
