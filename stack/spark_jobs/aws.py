"""What both services of AWS have in common: clients, plain errors, the code and the logs in S3."""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import boto3  # type: ignore[import-untyped]
from boto3.exceptions import Boto3Error  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import (  # type: ignore[import-untyped]
    BotoCoreError,
    ClientError,
    HTTPClientError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from stack.aws_errors import DENIED, code_of, message_of, missing_settings_told
from stack.errors import UserError
from stack.settings import SparkSettings
from stack.spark_jobs.backend import code_name

PYTHON = "./packages/bin/python"
"""In packages.tar.gz: the cluster's Python with what the job imports."""
ATTEMPTS = 4
ABSENT = {"404", "NoSuchKey", "NoSuchBucket"}


class NoAnswerError(UserError):
    """AWS did not answer: what was asked may or may not have been done."""


class NoSuchRunError(UserError):
    """The service knows no such run."""


@contextmanager
def told_plainly(what: str) -> Iterator[None]:
    """Raise UserError instead of what boto3 raises."""
    try:
        with missing_settings_told():
            yield
    except ClientError as error:
        raise _refused(error, what) from None
    except (HTTPClientError, NoConnectionError, Boto3Error) as error:
        raise NoAnswerError(
            f"AWS does not answer ({error})", "check the network, EMR_ENDPOINT_URL and S3_ENDPOINT_URL"
        ) from None
    except BotoCoreError as error:
        raise UserError(f"the request to AWS is not right ({error})", "check the EMR_ settings") from None


def client(name: str, settings: SparkSettings, *, attempts: int = ATTEMPTS) -> Any:
    """A client of a service; `attempts` counts the first."""
    retries = {"mode": "standard", "total_max_attempts": attempts}
    config = Config(connect_timeout=5, read_timeout=60, retries=retries)
    url = settings.s3_endpoint_url if name == "s3" else settings.endpoint_url
    with told_plainly(name):
        return boto3.client(name, region_name=settings.region, endpoint_url=url, config=config)


def needed(value: str, variable: str, what: str) -> str:
    """The value of a setting; raises UserError where it is not set."""
    if not value:
        raise UserError(f"{variable} is not set", what)
    return value


def code_folder(settings: SparkSettings) -> str:
    """Where the job's code lies in S3."""
    return needed(settings.code, "EMR_CODE", "./taxi package --to s3://… prints what to set it to")


def archive_code(settings: SparkSettings) -> str:
    """The archive there, whose name changes with what is in it, and the settings of the job."""
    return code_name(code_folder(settings).rpartition("/")[2], settings)


def submit_parameters(settings: SparkSettings, driver_prefix: str) -> Sequence[str]:
    """Options of spark-submit that bring the code, its packages, its Python and its settings."""
    code = code_folder(settings)
    driver = {"PYSPARK_DRIVER_PYTHON": PYTHON, "PYSPARK_PYTHON": PYTHON, **settings.job_variables}
    pairs = [f"{driver_prefix}.{name}={value}" for name, value in driver.items()]
    pairs += [f"spark.executorEnv.PYSPARK_PYTHON={PYTHON}"]
    options = [part for pair in pairs for part in ("--conf", pair)]
    return ["--py-files", f"{code}/code.zip", "--archives", f"{code}/packages.tar.gz#packages", *options]


def read_gzip(settings: SparkSettings, address: str) -> str:
    """A log in S3 as text; empty where it has not come yet."""
    bucket, key = parted(address)
    s3 = client("s3", settings)
    with told_plainly(address):
        try:
            return gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).decode(
                errors="replace"
            )
        except ClientError as error:
            if code_of(error) in ABSENT:
                return ""
            raise


def addresses_below(settings: SparkSettings, prefix: str) -> list[str]:
    """Every object below a prefix in S3."""
    bucket, key = parted(prefix)
    with told_plainly(prefix):
        pages = client("s3", settings).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        return [f"s3://{bucket}/{one['Key']}" for page in pages for one in page.get("Contents", [])]


def parted(address: str) -> tuple[str, str]:
    """Bucket and key of s3://bucket/key; raises UserError for another address."""
    scheme, _, rest = address.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in {"s3", "s3a", "s3n"} or not bucket:
        raise UserError(f"{address} is no address in S3", "give s3://bucket/folder")
    return bucket, key


def _refused(error: ClientError, what: str) -> UserError:
    code, message = code_of(error), message_of(error)
    details: Mapping[str, str] = {
        "ResourceNotFoundException": "check the run's id, EMR_SERVERLESS_APPLICATION_ID and AWS_REGION",
        "InvalidRequestException": "check the run's id, EMR_CLUSTER_ID and AWS_REGION",
        "ValidationException": "check the EMR_ settings",
        "ConflictException": "run the same command again",
    }
    if code in DENIED:
        return UserError(f"access to {what} is denied ({code})", "check the credentials and their rights")
    if code == "ResourceNotFoundException":
        return NoSuchRunError(f"{what}: {message}", details[code])
    return UserError(f"{what}: AWS refuses: {code}: {message}", details.get(code, ""))
