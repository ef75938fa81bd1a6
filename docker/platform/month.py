"""Brings a file of a bucket into a folder, where a replay can read it: month s3://bucket/key FOLDER."""

import sys
from pathlib import Path

from control_plane.aws import client, parse_s3_uri, translate_aws_errors
from control_plane.settings import SparkSettings
from schemas.errors import UserError


def main(address: str, folder: str) -> int:
    """Leave the file, whole or not at all; print where."""
    try:
        bucket, key = parse_s3_uri(address)
        target = Path(folder) / Path(key).name
        with translate_aws_errors(address):
            client("s3", SparkSettings.from_environment()).download_file(bucket, key, str(target))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - one line, as everywhere
        return 1
    print(target)  # noqa: T201 - data for the caller
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: month s3://bucket/key FOLDER")
    sys.exit(main(*sys.argv[1:]))
