"""How the producer proves to Kafka who it is."""

from typing import Any

from schemas.kafka_security import IAM, KafkaSecurity


def client_options(security: KafkaSecurity) -> dict[str, Any]:
    """Options of every client; for MSK with the callback that signs by the AWS credentials of the moment."""
    options: dict[str, Any] = dict(security.librdkafka())
    if security.mode == IAM:
        options["oauth_cb"] = lambda _: signed_token(security.region)
    return options


def signed_token(region: str) -> tuple[str, float]:
    """A token for MSK, and when it expires in seconds since the epoch; no request is made for it."""
    from aws_msk_iam_sasl_signer import MSKAuthTokenProvider  # noqa: PLC0415 - brings boto3

    token, expires_at_ms = MSKAuthTokenProvider.generate_auth_token(region)
    return token, expires_at_ms / 1000
