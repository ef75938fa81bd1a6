"""The time zone of every process of the platform: the host's time zone is never used.

Trips carry New York's clock time without a zone. A program that interprets it as an instant in its own zone
shifts it, or has no such hour at all; and its output differs from machine to machine.
"""

import os
import time

UTC_VARIABLES = {"TZ": "UTC", "PGTZ": "UTC"}
"""For child processes: the process zone, regardless of /etc/localtime, and the zone of Postgres sessions."""

UTC_JVM = "-Duser.timezone=UTC"


def keep_utc() -> None:
    """Set this process and its children to UTC; must be the first call of a program."""
    os.environ.update(UTC_VARIABLES)
    time.tzset()
