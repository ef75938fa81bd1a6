"""Handle the event clock: New York wall-clock time, written as if it were UTC, in milliseconds since 1970."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_MS = 1_000
MINUTE_MS = 60_000


def floor_minute(instant_ms: int) -> int:
    """Return the start of the instant's minute."""
    return instant_ms - instant_ms % MINUTE_MS


def text_of(instant_ms: int) -> str:
    """Format as `YYYY-MM-DD HH:MM:SS`."""
    return (EPOCH + timedelta(milliseconds=instant_ms)).strftime("%Y-%m-%d %H:%M:%S")


def milliseconds(duration: timedelta) -> int:
    """Return whole milliseconds."""
    return duration // timedelta(milliseconds=1)


def instant_of(naive: datetime) -> int:
    """Return the instant of a New York wall-clock time, cut to the second."""
    return milliseconds(naive.replace(tzinfo=UTC, microsecond=0) - EPOCH)
