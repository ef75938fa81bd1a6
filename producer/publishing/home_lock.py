"""Allow one publisher per home to write to a topic: a lock on this machine, which its processes inherit."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from schemas.errors import UserError

LOCK_SECONDS = 5.0


@contextmanager
def only_publisher_of_home(topic: str, home: Path, topic_id: str, holder: str) -> Iterator[IO[str]]:
    """Keep out other publishers of the same home, at once and without asking Kafka.

    Yields the lock. Processes that inherit it keep others out too, as long as they live.
    """
    lock = home / "replays" / f"{topic_id}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as file:
        if not _is_locked_soon(file):
            file.seek(0)
            raise occupied(topic, file.read())
        file.truncate(0)
        file.write(holder)
        file.flush()
        yield file


def occupied(topic: str, holder: str) -> UserError:
    """Return the error for the second publisher."""
    return UserError(
        f"another replay is publishing to topic {topic}: {holder}",
        "wait until it ends, or stop it; if it was killed, Kafka releases the topic within a minute",
    )


def _is_locked_soon(file: IO[str]) -> bool:
    """Wait for the lock: a killed replay keeps it until its other processes have noticed."""
    locking = Retrying(
        retry=retry_if_exception_type(BlockingIOError),
        wait=wait_fixed(0.05),
        stop=stop_after_delay(LOCK_SECONDS),
        reraise=True,
    )
    try:
        locking(fcntl.flock, file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
