"""Whatever boto3 raises is one line with the remedy, of a kind that callers can tell from others."""

import subprocess
import sys
from typing import Any

import pytest
from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
    TokenRetrievalError,
)

from schemas.aws import (
    AwsBusyError,
    AwsError,
    AwsNotFoundError,
    AwsService,
    TransientAwsError,
    aws_client,
    is_s3_uri,
    parse_s3_uri,
    translate_aws_errors,
)
from schemas.errors import UserError
from tests.oracle.real_months import REPOSITORY

pytestmark = pytest.mark.unit

URL = "http://127.0.0.1:9"
CREDENTIALS = "no AWS credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
CAKES = AwsService(
    name="the bakery",
    unreachable="check BAKERY_URL",
    denied="ask the baker",
    absent="no cake {what} ({message})",
    absent_remedy="bake it",
    invalid="read the recipe",
    refused={"TooSweet": "take less sugar"},
)


def refusal(code: str, message: str = "it says why", status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "Bake")


def translated(error: Exception, service: AwsService = CAKES) -> AwsError:
    with pytest.raises(AwsError) as caught, translate_aws_errors("plum", service):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind", "line"),
    [
        (refusal("AccessDenied"), AwsError, "access to plum is denied (AccessDenied); ask the baker"),
        (refusal("403", "Forbidden", 403), AwsError, "access to plum is denied (403); ask the baker"),
        (
            refusal("ExpiredTokenException"),
            AwsError,
            "access to plum is denied (ExpiredTokenException); ask the baker",
        ),
        (refusal("ResourceNotFoundException"), AwsNotFoundError, "no cake plum (it says why); bake it"),
        (refusal("404", "Not Found", 404), AwsNotFoundError, "no cake plum (Not Found); bake it"),
        (
            refusal("ResourceInUseException"),
            AwsBusyError,
            "another operation is changing plum (it says why); run the same command again",
        ),
        (
            refusal("ThrottlingException"),
            TransientAwsError,
            "the bakery is unavailable (ThrottlingException: it says why); run the same command again",
        ),
        (
            refusal("InternalError", status=500),
            TransientAwsError,
            "the bakery is unavailable (InternalError: it says why); run the same command again",
        ),
        (
            refusal("TooSweet"),
            AwsError,
            "plum: the bakery refused the request: TooSweet: it says why; take less sugar",
        ),
        (refusal("TooSour"), AwsError, "plum: the bakery refused the request: TooSour: it says why"),
        (NoCredentialsError(), AwsError, CREDENTIALS),
        (PartialCredentialsError(provider="env", cred_var="secret"), AwsError, CREDENTIALS),
        (TokenRetrievalError(provider="sso", error_msg="old"), AwsError, CREDENTIALS),
        (NoRegionError(), AwsError, "no AWS region is set; set AWS_REGION"),
        (
            ParamValidationError(report="no flour"),
            AwsError,
            "cannot use plum (Parameter validation failed: no flour); read the recipe",
        ),
    ],
)
def test_each_failure_is_one_line_with_its_remedy(error: Exception, kind: type[AwsError], line: str) -> None:
    found = translated(error)
    assert (type(found), str(found)) == (kind, line)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
        HTTPClientError(error="cut off"),
        Boto3Error("gave up"),
    ],
)
def test_a_service_that_is_away_may_come_back(error: Exception) -> None:
    found = translated(error)
    assert type(found) is TransientAwsError
    assert str(found) == f"the bakery does not answer ({error}); check BAKERY_URL"


def test_every_failure_of_a_service_that_is_not_described_has_a_remedy() -> None:
    for error in (
        refusal("403"),
        refusal("404"),
        refusal("SlowDown"),
        ParamValidationError(report=""),
        NoRegionError(),
        HTTPClientError(error=""),
    ):
        assert translated(error, AwsService()).remedy


def test_what_aws_did_not_cause_goes_by_as_it_is() -> None:
    def fail(error: Exception) -> None:
        with translate_aws_errors("plum"):
            raise error

    for error in (UserError("ours", "do it"), KeyError("SecretString"), ValueError("no JSON")):
        with pytest.raises(type(error)) as caught:
            fail(error)
        assert caught.value is error


def test_an_endpoint_that_is_no_address_is_one_line() -> None:
    expected = r"^cannot use plum \(Invalid endpoint: not an address\); check its name and the settings$"
    with pytest.raises(AwsError, match=expected), translate_aws_errors("plum"):
        aws_client("s3", region="us-east-1", endpoint_url="not an address")


def test_an_address_in_s3_has_a_bucket_and_perhaps_a_key() -> None:
    assert parse_s3_uri("s3://bucket/a/b.zip") == ("bucket", "a/b.zip")
    assert parse_s3_uri("s3a://bucket") == ("bucket", "")
    assert [is_s3_uri(one) for one in ("s3n://bucket", "/folder", "s3:/bucket", "hdfs://name")] == [
        True,
        False,
        False,
        False,
    ]
    for wrong in ("s3://", "s3:///key", "hdfs://bucket/key", "bucket/key", ""):
        with pytest.raises(UserError, match="is not an S3 address; write it as s3://bucket/folder"):
            parse_s3_uri(wrong)


def test_only_a_program_that_calls_aws_loads_boto3() -> None:
    modules = (
        "schemas.aws",
        "producer.cli",
        "control_plane.months.history",
        "control_plane.jobs.managed.job",
        "control_plane.spark.places",
        "control_plane.sink.aws_database",
        "taxi_cli.commands.package",
    )
    program = f"import sys, {', '.join(modules)}; print(sorted({{'boto3', 'botocore'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
