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
"""Only the chosen module is imported: AWS' Airflow lacks the dependencies of the local stack."""


def backend(settings: SparkSettings, place: SparkTarget | None = None) -> SparkBackend:
    """Return the requested place, by default the one of the settings."""
    factory: Callable[[SparkSettings], SparkBackend] = resolve_name(BACKENDS[place or settings.place])
    return factory(settings)
