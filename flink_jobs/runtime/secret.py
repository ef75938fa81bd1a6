"""The database password, where it is a secret of AWS Secrets Manager."""

import json


def password_in_secret(arn: str) -> str:
    """Fetch it by the role of the job: the text itself, or its field `password`, as RDS writes it."""
    import boto3  # noqa: PLC0415 - slow to import

    # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
    client = boto3.client("secretsmanager", region_name=arn.split(":")[3])
    text = str(client.get_secret_value(SecretId=arn)["SecretString"])
    return str(json.loads(text)["password"]) if text.startswith("{") else text
