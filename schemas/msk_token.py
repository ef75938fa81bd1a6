"""Sign the authentication tokens for Amazon MSK."""

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider


def signed_token(region: str) -> tuple[str, float]:
    """Return a token for MSK, and its expiry in seconds since the epoch; sends no request."""
    token, expires_at_ms = MSKAuthTokenProvider.generate_auth_token(region)
    return token, expires_at_ms / 1000
