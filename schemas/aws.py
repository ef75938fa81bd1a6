"""How every program reaches AWS, and what a person reads where AWS refuses or is away.

It stands among the contracts because the producer, the jobs and the control plane all call AWS, and `schemas`
is all that they may all import. It goes with them to clusters without boto3, which is slow to import, too:
the first client loads `schemas.aws_sdk`, and boto3 with it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from schemas.errors import TransientError, UserError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

SDK = "schemas.aws_sdk"
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


class TransientAwsError(AwsError, TransientError):
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
        translated: AwsError | None = resolve_name(f"{SDK}:translated")(error, what, service)
        if translated is None:
            raise
        raise translated from None


def aws_client(
    name: str, *, region: str | None = None, endpoint_url: str | None = None, attempts: int = ATTEMPTS
) -> Any:
    """A client with the credentials of AWS' usual chain; `attempts` counts the first."""
    client: Callable[..., Any] = resolve_name(f"{SDK}:client")
    return client(name, region=region, endpoint_url=endpoint_url, attempts=attempts)


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
