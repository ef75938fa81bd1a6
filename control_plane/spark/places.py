"""Chooses where Spark runs."""

from collections.abc import Callable, Mapping
from pkgutil import resolve_name

from control_plane.settings import SparkSettings, SparkTarget
from control_plane.spark.spark_backend import SparkBackend

BACKENDS: Mapping[SparkTarget, str] = {
    SparkTarget.LOCAL: "control_plane.spark.local:LocalSpark",
    SparkTarget.EMR_SERVERLESS: "control_plane.spark.emr_serverless:ServerlessSpark",
    SparkTarget.EMR: "control_plane.spark.emr_cluster:ClusterSpark",
}
"""Only the chosen one is imported: AWS' Airflow has nothing of what a local stack needs."""


def backend(settings: SparkSettings, place: SparkTarget | None = None) -> SparkBackend:
    """The place that is asked for, or that the settings name."""
    factory: Callable[[SparkSettings], SparkBackend] = resolve_name(BACKENDS[place or settings.place])
    return factory(settings)
