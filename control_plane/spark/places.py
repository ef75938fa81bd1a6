"""Chooses where Spark runs."""

from collections.abc import Callable

from control_plane.settings import SparkSettings, SparkTarget
from control_plane.spark.spark_backend import SparkBackend


def backend(settings: SparkSettings, place: SparkTarget | None = None) -> SparkBackend:
    """The place that is wished, or that the settings name."""
    from control_plane.spark.emr_cluster import ClusterSpark  # noqa: PLC0415 - boto3 is slow to import
    from control_plane.spark.emr_serverless import ServerlessSpark  # noqa: PLC0415
    from control_plane.spark.local import LocalSpark  # noqa: PLC0415

    factories: dict[SparkTarget, Callable[[SparkSettings], SparkBackend]] = {
        SparkTarget.LOCAL: LocalSpark,
        SparkTarget.EMR_SERVERLESS: ServerlessSpark,
        SparkTarget.EMR: ClusterSpark,
    }
    return factories[place or settings.place](settings)
