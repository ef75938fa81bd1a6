"""Signs the tokens that Amazon's Kafka asks for."""

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider


def signed_token(region: str) -> tuple[str, float]:
    """A token for MSK, and when it expires in seconds since the epoch; no request is made for it."""
    token, expires_at_ms = MSKAuthTokenProvider.generate_auth_token(region)
    return token, expires_at_ms / 1000
