"""Java options for local runs that are too short to repay what Java compiles."""

import shlex
from collections.abc import Sequence
from itertools import pairwise

from producer.fetching.object_store import LocalFolder
from schemas.aws import is_s3_uri
from schemas.errors import UserError
from schemas.raw_data import files_of_month
from schemas.tlc_month import parse_months

QUICK_JAVA = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
SMALL_BYTES = 24_000_000
"""The files of a year of small months; for more, Java's second compiler is worth its time."""
MONTH_OPTIONS = ("--raw", "--taxi-type", "--month")


def java_options(arguments: Sequence[str]) -> Sequence[str]:
    """Return the spark-submit options that start Java quickly, where the months are small; else none.

    Half of a small month's CPU time is Java compiling code that is never used often enough to repay it.
    """
    return ("--driver-java-options", shlex.join(QUICK_JAVA)) if _are_small(arguments) else ()


def _are_small(arguments: Sequence[str]) -> bool:
    """Return whether the months of these arguments of the job are small files in a folder of this machine."""
    pairs = list(pairwise(arguments))
    given = {name: [value for option, value in pairs if option == name] for name in MONTH_OPTIONS}
    if not all(given.values()) or is_s3_uri(given["--raw"][-1]):
        return False
    raw = LocalFolder(given["--raw"][-1])
    try:
        months = parse_months(given["--taxi-type"][-1], given["--month"])
    except UserError:  # the job reports it
        return False
    return sum(file.size for month in months for file in files_of_month(month, raw.files)) <= SMALL_BYTES
