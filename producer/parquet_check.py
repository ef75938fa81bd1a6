"""Check whether a Parquet file is whole: truncation removes its footer, a changed bit breaks a checksum."""

import re
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

MAGIC = b"PAR1"
SMALLEST_BYTES = 12

_NUMBER = rb"\x15[\x80-\xff]*[\x00-\x7f]"
_THREE_NUMBERS_THEN_ONE = re.compile(_NUMBER * 3 + rb"\x15")
"""Thrift's compact encoding: a byte for the field-id delta and the type, then the number."""


def damage(file: Path) -> str | None:
    """Return what is wrong with the file, if anything: both magic numbers and the footer must be readable."""
    size = file.stat().st_size
    if size < SMALLEST_BYTES:
        return f"it is only {size} bytes long"
    first, last = _ends(file)
    if first != MAGIC:
        return "it is not a Parquet file: it does not begin with PAR1"
    if last != MAGIC:
        return "it is truncated: it does not end with PAR1"
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
        return f"cannot read its footer ({str(error).splitlines()[0]})"
    return None


def check_pages(file: Path) -> None:
    """Read everything that has a checksum, and raise OSError if one is wrong; DuckDB checks none of them.

    Pages may have a checksum, and gzip pages have gzip's. The TLC's newer files have neither.
    """
    with pq.ParquetFile(file, page_checksum_verification=True) as content, file.open("rb") as pages:
        for group in range(content.metadata.num_row_groups):
            chunks = content.metadata.row_group(group)
            columns = [chunks.column(number) for number in range(chunks.num_columns)]
            if any(column.compression == "GZIP" or _has_checksum(pages, column) for column in columns):
                for _ in content.iter_batches(row_groups=[group]):
                    """Only decode, which verifies the checksum."""


def _has_checksum(pages: BinaryIO, column: pq.ColumnChunkMetaData) -> bool:
    """Return whether a column's first page has a checksum: the header's fourth field, after three numbers."""
    start = column.dictionary_page_offset if column.has_dictionary_page else column.data_page_offset
    pages.seek(start)
    return _THREE_NUMBERS_THEN_ONE.match(pages.read(64)) is not None
