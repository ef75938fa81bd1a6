"""Authenticate the producer to Kafka."""

from pkgutil import resolve_name
from typing import Any

from schemas.kafka_security import IAM, KafkaSecurity

SIGN = "producer.publishing.msk_token:signed_token"
"""Imported for MSK only, because it loads boto3."""


def client_options(security: KafkaSecurity) -> dict[str, Any]:
    """Return the options of every client.

    For MSK they include the callback that signs with the current AWS credentials.
    """
    options: dict[str, Any] = dict(security.librdkafka())
    if security.mode == IAM:
        signed_token = resolve_name(SIGN)
        options["oauth_cb"] = lambda _: signed_token(security.region)
    return options
