"""What every service of AWS may say, and what boto3 says where AWS' own settings are missing."""

import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from control_plane.settings import SparkSettings
from schemas.errors import UserError

ATTEMPTS = 4

ABSENT = {"404", "NoSuchKey", "NoSuchBucket"}


DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "UnrecognizedClientException",
    "403",
}


@contextmanager
def translate_missing_settings() -> Iterator[None]:
    """Raise UserError where there are no credentials or no region."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, TokenRetrievalError):
        raise UserError(
            "no AWS credentials were found", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        ) from None
    except NoRegionError:
        raise UserError("no AWS region is set", "set AWS_REGION") from None


def code_of(error: ClientError) -> str:
    """AWS' name of what is wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    """What AWS says of it."""
    return str(error.response.get("Error", {}).get("Message", "")).strip()


class TransientAwsError(UserError):
    """AWS did not answer: what was asked may or may not have been done."""


class NoSuchRunError(UserError):
    """The service knows no such run."""


@contextmanager
def translate_aws_errors(what: str) -> Iterator[None]:
    """Raise UserError instead of what boto3 raises."""
    try:
        with translate_missing_settings():
            yield
    except ClientError as error:
        raise _refused(error, what) from None
    except (HTTPClientError, NoConnectionError, Boto3Error) as error:
        raise TransientAwsError(
            f"AWS does not answer ({error})", "check the network, EMR_ENDPOINT_URL and S3_ENDPOINT_URL"
        ) from None
    except BotoCoreError as error:
        raise UserError(f"the request to AWS is not right ({error})", "check the EMR_ settings") from None


def client(name: str, settings: SparkSettings, *, attempts: int = ATTEMPTS) -> Any:
    """A client of a service; `attempts` counts the first."""
    retries = {"mode": "standard", "total_max_attempts": attempts}
    config = Config(connect_timeout=5, read_timeout=60, retries=retries)
    url = settings.s3_endpoint_url if name == "s3" else settings.endpoint_url
    with translate_aws_errors(name):
        return boto3.client(name, region_name=settings.region, endpoint_url=url, config=config)


def read_gzip(settings: SparkSettings, address: str) -> str:
    """A log in S3 as text; empty where it has not come yet."""
    bucket, key = parse_s3_uri(address)
    s3 = client("s3", settings)
    with translate_aws_errors(address):
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
    bucket, key = parse_s3_uri(prefix)
    with translate_aws_errors(prefix):
        pages = client("s3", settings).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        return [f"s3://{bucket}/{one['Key']}" for page in pages for one in page.get("Contents", [])]


def parse_s3_uri(address: str) -> tuple[str, str]:
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
