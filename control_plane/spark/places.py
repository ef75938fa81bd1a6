"""Chooses where Spark runs."""

from collections.abc import Callable

from control_plane.settings import SparkPlace, SparkSettings
from control_plane.spark.run import SparkBackend


def backend(settings: SparkSettings, place: SparkPlace | None = None) -> SparkBackend:
    """The place that is wished, or that the settings name."""
    from control_plane.spark.emr_cluster import ClusterSpark  # noqa: PLC0415 - boto3 is slow to import
    from control_plane.spark.emr_serverless import ServerlessSpark  # noqa: PLC0415
    from control_plane.spark.local import LocalSpark  # noqa: PLC0415

    made: dict[SparkPlace, Callable[[SparkSettings], SparkBackend]] = {
        SparkPlace.LOCAL: LocalSpark,
        SparkPlace.EMR_SERVERLESS: ServerlessSpark,
        SparkPlace.EMR: ClusterSpark,
    }
    return made[place or settings.place](settings)
