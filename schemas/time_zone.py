"""The time zone of every process of the platform: that of the host shows nowhere.

Trips carry the clock of New York without a zone. A program that takes it for an instant of its own moves it,
or has no such hour at all; and what it prints differs from machine to machine.
"""

import os
import time

UTC_VARIABLES = {"TZ": "UTC", "PGTZ": "UTC"}
"""For a child: its own zone, whatever /etc/localtime says, and that of its sessions with Postgres."""

UTC_JVM = "-Duser.timezone=UTC"


def keep_utc() -> None:
    """Have this process and all that it starts live in UTC; the first act of a program."""
    os.environ.update(UTC_VARIABLES)
    time.tzset()
