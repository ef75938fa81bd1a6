"""What boto3 raises, as one line with the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from control_plane.aws import DENIED, code_of, message_of, translate_missing_settings
from schemas.errors import UserError

BUSY = {"ResourceInUseException", "ConcurrentModificationException"}


class NoSuchApplicationError(UserError):
    """The account has no application of that name in that region."""


class ApplicationBusyError(UserError):
    """Something else is being done to the application."""


@contextmanager
def translate_application_errors(application: str) -> Iterator[None]:
    """Raise UserError instead of what boto3 raises."""
    try:
        with translate_missing_settings():
            yield
    except ClientError as error:
        raise _refused(error, application) from None
    except NoConnectionError as error:
        raise UserError(
            f"AWS does not answer ({error})", "check the network and MANAGED_FLINK_ENDPOINT_URL"
        ) from None
    except BotoCoreError as error:
        raise UserError(
            f"the request to AWS is not right ({error})", "check the MANAGED_FLINK_ settings"
        ) from None


def _refused(error: ClientError, application: str) -> UserError:
    code, message = code_of(error), message_of(error)
    if code == "ResourceNotFoundException":
        return NoSuchApplicationError(
            f"there is no application {application} in this account and region ({message})",
            "./taxi job deploy makes it; or check MANAGED_FLINK_APPLICATION and AWS_REGION",
        )
    if code in BUSY:
        return ApplicationBusyError(
            f"{application} is being changed by somebody else ({message})", "run the same command again"
        )
    if code in DENIED:
        return UserError(
            f"access to {application} is denied ({code})", "check the credentials and their rights"
        )
    return UserError(f"the managed service refuses: {code}: {message}")
