"""S3 for Spark on this machine, where what it is to read or write lies there; a cluster has its own."""

from collections.abc import Iterable, Sequence

from stack.jars import ensure
from stack.parts.java import class_path
from stack.settings import SparkSettings

NAME = "spark-s3"
SCHEMES = ("s3://", "s3a://")
CREDENTIALS = "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
"""AWS' usual chain: the variables, the profile, the machine's role."""


def options(arguments: Iterable[str], settings: SparkSettings) -> Sequence[str]:
    """Options of spark-submit for these arguments of the job; none where nothing lies in S3."""
    if not any(word.startswith(SCHEMES) for word in (*arguments, *settings.data)):
        return ()
    pairs = {
        "spark.driver.extraClassPath": class_path(ensure(NAME)),
        "spark.hadoop.fs.s3a.aws.credentials.provider": CREDENTIALS,
        # Buffers on the disk would want Hadoop's checksum files there, which the job has done away with.
        "spark.hadoop.fs.s3a.fast.upload.buffer": "bytebuffer",
        **_place(settings),
    }
    return [part for name, value in pairs.items() for part in ("--conf", f"{name}={value}")]


def _place(settings: SparkSettings) -> dict[str, str]:
    """Which S3: without settings it is Amazon's, in the region that the usual chain names."""
    place = {}
    if settings.region:
        place["spark.hadoop.fs.s3a.endpoint.region"] = settings.region
    if settings.s3_endpoint_url:
        place["spark.hadoop.fs.s3a.endpoint"] = settings.s3_endpoint_url
        # A server on this machine has no names for its buckets.
        place["spark.hadoop.fs.s3a.path.style.access"] = "true"
    return place
