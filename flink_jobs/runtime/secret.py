"""Read the database password, if it is a secret of AWS Secrets Manager."""

import json

import boto3


def password_in_secret(arn: str) -> str:
    """Fetch it with the job's IAM role: the text itself, or its field `password`, as RDS writes it."""
    # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
    client = boto3.client("secretsmanager", region_name=arn.split(":")[3])
    text = str(client.get_secret_value(SecretId=arn)["SecretString"])
    return str(json.loads(text)["password"]) if text.startswith("{") else text
