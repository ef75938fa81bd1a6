"""The part of `schemas.aws` that needs boto3; imported by name when the first client is created."""

from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore import exceptions as aws
from botocore.config import Config

from schemas.aws import (
    ABSENT,
    BUSY,
    DENIED,
    THROTTLED,
    AwsBusyError,
    AwsError,
    AwsNotFoundError,
    AwsService,
    TransientAwsError,
    error_code,
)


def client(name: str, *, region: str | None, endpoint_url: str | None, attempts: int) -> Any:
    """Return a client of boto3; raises boto3's errors."""
    retries = {"mode": "standard", "total_max_attempts": attempts}
    config = Config(connect_timeout=5, read_timeout=60, retries=retries)
    try:
        return boto3.client(name, region_name=region, endpoint_url=endpoint_url, config=config)
    except ValueError as error:  # invalid endpoint address
        raise aws.EndpointProviderError(msg=str(error)) from None


def translated(error: Exception, what: str, service: AwsService) -> AwsError | None:
    """Return the AwsError for an error of boto3; None for any other error."""
    match error:
        case aws.ClientError():
            return _refusal(error, what, service)
        case aws.NoCredentialsError() | aws.PartialCredentialsError() | aws.TokenRetrievalError():
            remedy = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            return AwsError("no AWS credentials were found", remedy)
        case aws.NoRegionError():
            return AwsError("no AWS region is set", "set AWS_REGION")
        case aws.HTTPClientError() | aws.ConnectionError() | Boto3Error():
            return TransientAwsError(f"{service.name} does not answer ({error})", service.unreachable)
        case aws.BotoCoreError():
            return AwsError(f"cannot use {what} ({error})", service.invalid)
    return None


def _refusal(error: aws.ClientError, what: str, service: AwsService) -> AwsError:
    code = error_code(error)
    message = str(error.response.get("Error", {}).get("Message", "")).strip()
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in DENIED:
        return AwsError(f"access to {what} is denied ({code})", service.denied)
    if code in ABSENT:
        return AwsNotFoundError(service.absent.format(what=what, message=message), service.absent_remedy)
    if code in BUSY:
        return AwsBusyError(f"another operation is changing {what} ({message})", "run the same command again")
    if code in THROTTLED or status >= 500:
        return TransientAwsError(
            f"{service.name} is unavailable ({code}: {message})", "run the same command again"
        )
    return AwsError(
        f"{what}: {service.name} refused the request: {code}: {message}", service.refused.get(code, "")
    )
