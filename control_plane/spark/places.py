"""Chooses where Spark runs."""

from collections.abc import Callable, Mapping

from control_plane.settings import SparkSettings, SparkTarget
from control_plane.spark.emr_cluster import ClusterSpark
from control_plane.spark.emr_serverless import ServerlessSpark
from control_plane.spark.local import LocalSpark
from control_plane.spark.spark_backend import SparkBackend

BACKENDS: Mapping[SparkTarget, Callable[[SparkSettings], SparkBackend]] = {
    SparkTarget.LOCAL: LocalSpark,
    SparkTarget.EMR_SERVERLESS: ServerlessSpark,
    SparkTarget.EMR: ClusterSpark,
}


def backend(settings: SparkSettings, place: SparkTarget | None = None) -> SparkBackend:
    """The place that was asked for, or that the settings name."""
    return BACKENDS[place or settings.place](settings)
