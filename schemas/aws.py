"""How every program reaches AWS, and what a person reads where AWS refuses or is away.

It stands among the contracts because the producer, the jobs and the control plane all call AWS, and `schemas`
is all that they may all import. It goes with them to clusters without boto3, which is slow to import too: the
first client loads it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from schemas.errors import UserError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

ATTEMPTS = 4

S3_SCHEMES = ("s3", "s3a", "s3n")
"""AWS' own programs write the first, Hadoop the others."""

ABSENT = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NotFound", "ResourceNotFoundException"})
BUSY = frozenset({"ConcurrentModificationException", "ConflictException", "ResourceInUseException"})
DENIED = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Also what the servers' own faults (5xx) are: boto3 has tried again and given up."""


class AwsError(UserError):
    """AWS refuses, or cannot be asked."""


class TransientAwsError(AwsError):
    """AWS gave no answer, or none yet: what was asked may or may not have been done."""


class AwsNotFoundError(AwsError):
    """AWS knows nothing of that name."""


class AwsBusyError(AwsError):
    """Something else is being done to what was asked for."""


@dataclass(frozen=True)
class AwsService:
    """What is said of a service beside AWS' own words: what it is called, and the remedy for each failure."""

    name: str = "AWS"
    unreachable: str = "check the network"
    denied: str = "check the credentials and their rights"
    absent: str = "there is no {what}"
    """The sentence for what is not there; {message} in it is AWS' own."""
    absent_remedy: str = "check its name, the account and AWS_REGION"
    invalid: str = "check its name and the settings"
    refused: Mapping[str, str] = field(default_factory=dict)
    """The remedies of other refusals, by AWS' code."""


ANY_SERVICE = AwsService()


@contextmanager
def translate_aws_errors(what: str, service: AwsService = ANY_SERVICE) -> Iterator[None]:
    """Raise AwsError, with the remedy, instead of what boto3 raises; `what` is what the request was about."""
    try:
        yield
    except Exception as error:
        translated = _translated(error, what, service)
        if translated is None:
            raise
        raise translated from None


def aws_client(
    name: str, *, region: str | None = None, endpoint_url: str | None = None, attempts: int = ATTEMPTS
) -> Any:
    """A client with the credentials of AWS' usual chain; `attempts` counts the first."""
    import boto3  # noqa: PLC0415 - slow to import, and not everywhere
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import EndpointProviderError  # noqa: PLC0415

    retries = {"mode": "standard", "total_max_attempts": attempts}
    config = Config(connect_timeout=5, read_timeout=60, retries=retries)
    try:
        return boto3.client(name, region_name=region, endpoint_url=endpoint_url, config=config)
    except ValueError as error:  # of an endpoint that is no address
        raise EndpointProviderError(msg=str(error)) from None


def error_code(error: "ClientError") -> str:
    """AWS' name of what is wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_absent(error: "ClientError") -> bool:
    """Whether there is nothing of that name."""
    return error_code(error) in ABSENT


def is_s3_uri(address: str) -> bool:
    """Whether an address names S3 rather than a folder of this machine."""
    scheme, separator, _ = address.partition("://")
    return bool(separator) and scheme in S3_SCHEMES


def parse_s3_uri(address: str) -> tuple[str, str]:
    """Bucket and key of s3://bucket/key; raises UserError for another address."""
    bucket, _, key = address.partition("://")[2].partition("/")
    if not is_s3_uri(address) or not bucket:
        raise UserError(f"{address!r} is no address in S3", "write it as s3://bucket/folder")
    return bucket, key


def _translated(error: Exception, what: str, service: AwsService) -> AwsError | None:
    """None for what boto3 has nothing to do with."""
    from boto3.exceptions import Boto3Error  # noqa: PLC0415 - whoever is here has loaded it
    from botocore import exceptions as aws  # noqa: PLC0415

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


def _refusal(error: "ClientError", what: str, service: AwsService) -> AwsError:
    code = error_code(error)
    message = str(error.response.get("Error", {}).get("Message", "")).strip()
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in DENIED:
        return AwsError(f"access to {what} is denied ({code})", service.denied)
    if code in ABSENT:
        return AwsNotFoundError(service.absent.format(what=what, message=message), service.absent_remedy)
    if code in BUSY:
        return AwsBusyError(
            f"{what} is being changed by somebody else ({message})", "run the same command again"
        )
    if code in THROTTLED or status >= 500:
        return TransientAwsError(
            f"{service.name} cannot answer now ({code}: {message})", "run the same command again"
        )
    return AwsError(f"{what}: {service.name} refuses: {code}: {message}", service.refused.get(code, ""))
