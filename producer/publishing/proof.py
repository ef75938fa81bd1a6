"""How the producer proves to Kafka who it is."""

from pkgutil import resolve_name
from typing import Any

from schemas.kafka_security import IAM, KafkaSecurity

SIGN = "producer.publishing.msk_token:signed_token"
"""Imported for MSK only: it brings boto3."""


def client_options(security: KafkaSecurity) -> dict[str, Any]:
    """Options of every client; for MSK with the callback that signs by the AWS credentials of the moment."""
    options: dict[str, Any] = dict(security.librdkafka())
    if security.mode == IAM:
        signed_token = resolve_name(SIGN)
        options["oauth_cb"] = lambda _: signed_token(security.region)
    return options
