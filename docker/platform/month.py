"""Download a file from a bucket to a folder, where a replay can read it: month s3://bucket/key FOLDER."""

import sys
from pathlib import Path

from control_plane.settings import SparkSettings
from producer.fetching.object_store import S3Prefix
from schemas.errors import UserError


def main(address: str, folder: str) -> int:
    """Download the file atomically; print its path."""
    try:
        prefix, _, name = address.rpartition("/")
        settings = SparkSettings.from_environment()
        store = S3Prefix.of(prefix, endpoint_url=settings.s3_endpoint_url, region=settings.region)
        target = Path(folder) / name
        store.download(name, target)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - one line, as everywhere
        return 1
    print(target)  # noqa: T201 - data for the caller
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: month s3://bucket/key FOLDER")
    sys.exit(main(*sys.argv[1:]))
