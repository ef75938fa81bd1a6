"""Flink jobs on Amazon Managed Service for Apache Flink, which AWS' own programs call kinesisanalyticsv2."""
