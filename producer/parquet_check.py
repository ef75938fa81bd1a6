"""Is a Parquet file whole? A cut-off download begins like one and has no footer."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MAGIC = b"PAR1"
SMALLEST_BYTES = 12


def damage(file: Path) -> str | None:
    """What is wrong with the file, or nothing: both magic ends must stand and the footer must be readable."""
    size = file.stat().st_size
    if size < SMALLEST_BYTES:
        return f"it has only {size} bytes"
    first, last = _ends(file)
    if first != MAGIC:
        return "it is not a Parquet file (it does not begin with PAR1)"
    if last != MAGIC:
        return "it is cut off (it does not end with PAR1)"
    return _unreadable_footer(file)


def _ends(file: Path) -> tuple[bytes, bytes]:
    with file.open("rb") as content:
        first = content.read(len(MAGIC))
        content.seek(-len(MAGIC), 2)
        return first, content.read()


def _unreadable_footer(file: Path) -> str | None:
    try:
        pq.read_metadata(file)
    except (pa.ArrowException, OSError) as error:
        return f"its footer cannot be read ({str(error).splitlines()[0]})"
    return None
