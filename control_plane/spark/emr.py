"""What EMR Serverless and EMR clusters have in common: client, errors, the code and the logs in S3."""

import gzip
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from control_plane.settings import SparkSettings
from control_plane.spark.spark_backend import RunLogs, code_name
from producer.fetching.object_store import S3Prefix
from schemas.aws import ATTEMPTS, AwsService, aws_client, translate_aws_errors
from schemas.errors import UserError
from schemas.time_zone import UTC_VARIABLES

EMR = AwsService(
    unreachable="check the network, EMR_ENDPOINT_URL and S3_ENDPOINT_URL",
    absent="{what}: {message}",
    absent_remedy="check the run's id, EMR_SERVERLESS_APPLICATION_ID and AWS_REGION",
    invalid="check the EMR_ settings",
    refused={
        "InvalidRequestException": "check the run's id, EMR_CLUSTER_ID and AWS_REGION",
        "ValidationException": "check the EMR_ settings",
    },
)

PYTHON = "./packages/bin/python"
"""In packages.tar.gz: the cluster's Python with what the job imports."""


def needed(value: str, variable: str, what: str) -> str:
    """Return the value of a setting; raises UserError where it is not set."""
    if not value:
        raise UserError(f"{variable} is not set", what)
    return value


def code_folder(settings: SparkSettings) -> str:
    """Return the folder of the job's code in S3."""
    return needed(settings.code, "EMR_CODE", "run ./taxi package --to s3://…, which prints its value")


def archive_code(settings: SparkSettings) -> str:
    """Return the archive in that folder, whose name changes with its content, and the settings of the job."""
    return code_name(code_folder(settings).rpartition("/")[2], settings)


def submit_parameters(settings: SparkSettings, driver_prefix: str) -> Sequence[str]:
    """Return the spark-submit options for the code, its packages, its Python and its settings."""
    code = code_folder(settings)
    everywhere = {"PYSPARK_PYTHON": PYTHON, **UTC_VARIABLES}
    driver = {"PYSPARK_DRIVER_PYTHON": PYTHON, **everywhere, **settings.job_variables}
    pairs = [f"{driver_prefix}.{name}={value}" for name, value in driver.items()]
    pairs += [f"spark.executorEnv.{name}={value}" for name, value in everywhere.items()]
    options = [part for pair in pairs for part in ("--conf", pair)]
    return ["--py-files", f"{code}/code.zip", "--archives", f"{code}/packages.tar.gz#packages", *options]


def emr_client(name: str, settings: SparkSettings, *, attempts: int = ATTEMPTS) -> Any:
    """Return a client of one of the two services; `attempts` includes the first."""
    with emr_errors(name):
        return aws_client(name, region=settings.region, endpoint_url=settings.endpoint_url, attempts=attempts)


def emr_errors(what: str) -> AbstractContextManager[None]:
    """Raise AwsError with EMR's remedies instead of boto3's exceptions."""
    return translate_aws_errors(what, EMR)


def read_logs(settings: SparkSettings, folder: str) -> RunLogs:
    """Read the driver's output from a folder in S3, a gzip file per stream; empty until it appears."""
    store = _store(settings, folder)
    packed = (store.read(f"{name}.gz") for name in ("stdout", "stderr"))
    stdout, stderr = (gzip.decompress(text or b"").decode(errors="replace") for text in packed)
    return RunLogs(stdout, stderr, folder)


def addresses_below(settings: SparkSettings, folder: str) -> Iterator[str]:
    """Yield every object below a folder in S3."""
    store = _store(settings, folder)
    return (store.uri(file.path) for file in store.files_below())


def _store(settings: SparkSettings, folder: str) -> S3Prefix:
    return S3Prefix.of(folder, endpoint_url=settings.s3_endpoint_url, region=settings.region)
