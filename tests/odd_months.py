"""Months as people really have them: what is right for each, whoever reads it."""

import gzip
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.producer.months import GREEN_COLUMNS, green_table

ROWS = 40
HEADER = ",".join(GREEN_COLUMNS)
ROW = "2,2024-01-10 10:00:00,2024-01-10 10:10:00,N,1,74,75,1,1.5,8,0.5,0.5,0,0,,0.3,9.3,1,1,0"
STRAY = ROW.replace(",N,", ',"N,')
TRIP = {"lpep_pickup_datetime": "2024-01-10 10:00:00", "lpep_dropoff_datetime": "2024-01-10 10:10:00"}


@dataclass(frozen=True)
class Counts:
    """What becomes of the rows of a month that is read."""

    valid: int
    rejected: int = 0


@dataclass(frozen=True)
class OddMonth:
    """A file by its ending and content, and what is right: counts, or words of the refusal."""

    ending: str
    content: bytes
    right: Counts | str

    def written_to(self, folder: Path) -> Path:
        """The file, in a folder of its own."""
        folder.mkdir(parents=True)
        file = folder / f"green_tripdata_2024-01{self.ending}"
        file.write_bytes(self.content)
        return file


def text(*lines: str, end: str = "\n", last: str | None = None, header: str = HEADER) -> bytes:
    """A CSV of these rows; by default the last line ends as the others do."""
    return (end.join([header, *lines]) + (end if last is None else last)).encode()


def rows(count: int = ROWS) -> list[str]:
    """Good ones."""
    return [ROW] * count


def with_rows_like(*odd: str) -> bytes:
    """Good rows with these among them."""
    return text(*rows(ROWS // 2), *odd, *rows(ROWS // 2))


def with_times_like(pickup: str) -> str:
    """A row whose pickup is written in another way."""
    return ROW.replace("2024-01-10 10:00:00", pickup)


def flipped(content: bytes, at: int) -> bytes:
    """With one bit changed."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def parquet(table: pa.Table, **options: object) -> bytes:
    """The bytes of a Parquet file."""
    target = io.BytesIO()
    pq.write_table(table, target, **options)
    return target.getvalue()


def trips(**types: pa.DataType) -> pa.Table:
    """A month of good trips; some columns of another type."""
    return green_table(*[TRIP | {"fare_amount": 8.0 + number} for number in range(ROWS)], **types)


def with_column(name: str, values: pa.Array) -> pa.Table:
    """The same with a column replaced."""
    table = trips()
    return table.set_column(table.column_names.index(name), name, values)


def damaged_page(**options: object) -> bytes:
    """Parquet with one bit of its fares changed, which decodes all the same."""
    fares = pa.array([8.0 + number for number in range(ROWS)])
    plain = {"use_dictionary": False, "write_statistics": False, **options}
    content = parquet(with_column("fare_amount", fares), **plain)
    at = pq.read_metadata(io.BytesIO(content)).row_group(0).column(9)
    # The last byte of the last value, before the next column.
    return flipped(content, at.data_page_offset + at.total_compressed_size - 12)


def zipped(content: bytes) -> bytes:
    """A ZIP archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("green_tripdata_2024-01.csv", content)
    return target.getvalue()


GOOD = text(*rows())
PACKED = gzip.compress(GOOD, mtime=0)
ALL, ONE_REJECT = Counts(ROWS), Counts(ROWS, 1)
UTC_TIMES = pa.array([datetime(2024, 1, 10, 15, tzinfo=UTC)] * ROWS, pa.timestamp("us", "UTC"))
TEN, NOON = 1_704_880_800_000_000, 1_704_888_000_000_000
OUTERMOST_TIMES = pa.array([-(1 << 63), *[TEN] * (ROWS - 2), (1 << 63) - 1], pa.int64()).cast(
    pa.timestamp("us")
)
"""Tools that lose a null write the smallest or the largest number in its place."""
NEARLY_NEXT_MINUTE = pa.array([NOON * 1_000 + 59_999_999_999] * ROWS, pa.int64()).cast(pa.timestamp("ns"))
NO_TIMES = "New York times like 2024-01-31 08:00:00"

ODD_MONTHS: Mapping[str, OddMonth] = {
    "CRLF": OddMonth(".csv", text(*rows(), end="\r\n"), ALL),
    "CR alone": OddMonth(".csv", text(*rows(), end="\r"), ALL),
    "CRLF from a row on": OddMonth(
        ".csv", text(*rows(20)) + text(*rows(20), end="\r\n").partition(b"\n")[2], ALL
    ),
    "LF from a row on": OddMonth(
        ".csv", text(*rows(20), end="\r\n") + text(*rows(20)).partition(b"\n")[2], ALL
    ),
    "three line ends": OddMonth(".csv", text(f"{ROW}\r\n{ROW}\r{ROW}", *rows(37)), ALL),
    "no final line end": OddMonth(".csv", text(*rows(), last=""), ALL),
    "no final line end, CRLF": OddMonth(".csv", text(*rows(), end="\r\n", last=""), ALL),
    "blank lines": OddMonth(".csv", text("", *rows(20), "", " \t", *rows(20), "", "\x1a"), ALL),
    "blank lines first": OddMonth(".csv", b"\n \r\n" + GOOD, ALL),
    "UTF-8 with a mark": OddMonth(".csv", b"\xef\xbb\xbf" + GOOD, ALL),
    "UTF-16": OddMonth(".csv", GOOD.decode().encode("utf-16"), "is text in UTF-16"),
    "UTF-16 BE": OddMonth(".csv", "\ufeff".encode("utf-16-be") + GOOD.decode().encode("utf-16-be"), "UTF-16"),
    "UTF-16 without a mark": OddMonth(".csv", GOOD.decode().encode("utf-16-le"), "UTF-16"),
    "UTF-16, packed": OddMonth(".csv.gz", gzip.compress(GOOD.decode().encode("utf-16")), "UTF-16"),
    "Latin-1 in a row": OddMonth(
        ".csv", with_rows_like(ROW.replace(",N,", ",@,")).replace(b"@", b"\xe9"), ONE_REJECT
    ),
    "one stray quote": OddMonth(".csv", with_rows_like(STRAY), ONE_REJECT),
    "a quote that closes nothing": OddMonth(".csv", with_rows_like(ROW.replace(",N,", ',N",')), ONE_REJECT),
    "two strays, one opens and one closes": OddMonth(
        ".csv", with_rows_like(STRAY, ROW, ROW, ROW.replace(",N,", ',N",')), Counts(ROWS + 2, 2)
    ),
    "strays in following lines": OddMonth(".csv", with_rows_like(STRAY, STRAY, STRAY), Counts(ROWS, 3)),
    "a stray quote at the very end": OddMonth(".csv", text(*rows(), f'{ROW}"', last=""), ONE_REJECT),
    "a stray quote in the last line": OddMonth(".csv", text(*rows(), STRAY), ONE_REJECT),
    "a stray quote in the first line": OddMonth(".csv", text(STRAY, *rows()), ONE_REJECT),
    "a stray quote, CRLF": OddMonth(".csv", text(*rows(), STRAY, *rows(2), end="\r\n"), Counts(ROWS + 2, 1)),
    "a stray quote, packed": OddMonth(".csv.gz", gzip.compress(with_rows_like(STRAY)), ONE_REJECT),
    "a stray quote in the header": OddMonth(
        ".csv", text(*rows(), header=HEADER.replace("RatecodeID", '"RatecodeID')), "in its header"
    ),
    "all fields quoted": OddMonth(".csv", text(*['"' + ROW.replace(",", '","') + '"'] * ROWS), ALL),
    "a comment of several lines": OddMonth(
        ".csv",
        text(
            *[f'{ROW},"a ""word"", and"'] * 20,
            f'{ROW},"first',
            "",
            'third, and last"',
            *[f"{ROW},"] * 19,
            header=f"{HEADER},comment",
        ),
        ALL,
    ),
    "a flag of two lines": OddMonth(".csv", with_rows_like(ROW.replace(",N,", ',"N\n",')), ONE_REJECT),
    "a block of zeros before a row": OddMonth(".csv", with_rows_like("\0" * 64 + ROW), ONE_REJECT),
    "a short line": OddMonth(".csv", with_rows_like("2,2024-01-10 10:00:00"), ONE_REJECT),
    "a long line": OddMonth(".csv", with_rows_like(f"{ROW},1,2,3"), ONE_REJECT),
    "header only": OddMonth(".csv", text(), Counts(0)),
    "gzip named .csv": OddMonth(".csv", PACKED, "is gzip-compressed, not CSV"),
    "CSV named .csv.gz": OddMonth(".csv.gz", GOOD, "is not gzip-compressed"),
    "ZIP named .csv.gz": OddMonth(".csv.gz", zipped(GOOD), "is a ZIP archive"),
    "ZIP named .csv": OddMonth(".csv", zipped(GOOD), "is a ZIP archive"),
    "Parquet named .csv": OddMonth(".csv", parquet(trips()), "is Parquet, not CSV"),
    "gzip named .parquet": OddMonth(".parquet", PACKED, "is gzip-compressed, not Parquet"),
    "packed twice": OddMonth(".csv.gz", gzip.compress(PACKED), "is gzip-compressed twice"),
    "packed in several members": OddMonth(
        ".csv.gz", gzip.compress(GOOD[:700]) + gzip.compress(GOOD[700:]), ALL
    ),
    "zeros behind gzip": OddMonth(".csv.gz", PACKED + bytes(512), ALL),
    "zeros between members": OddMonth(
        ".csv.gz", gzip.compress(GOOD[:700]) + bytes(3) + gzip.compress(GOOD[700:]) + bytes(1), ALL
    ),
    "something behind gzip": OddMonth(".csv.gz", PACKED + b"</html>", "followed by other data"),
    "a line end behind gzip": OddMonth(".csv.gz", PACKED + b"\n", "followed by other data"),
    "gzip cut off": OddMonth(".csv.gz", PACKED[:-40], "is truncated"),
    "gzip cut off in its checksum": OddMonth(".csv.gz", PACKED[:-5], "is truncated"),
    "a wrong checksum of gzip": OddMonth(".csv.gz", flipped(PACKED, len(PACKED) - 7), "gzip checksum"),
    "a wrong length of gzip": OddMonth(".csv.gz", flipped(PACKED, len(PACKED) - 2), "gzip checksum"),
    "times in UTC": OddMonth(".csv", text(*[with_times_like("2024-01-10T15:00:00Z")] * ROWS), NO_TIMES),
    "times with an offset": OddMonth(
        ".csv", text(*[with_times_like("2024-01-10 10:00:00-05")] * ROWS), NO_TIMES
    ),
    "a time with +00:00": OddMonth(
        ".csv", with_rows_like(with_times_like("2024-01-10 15:00:00+00:00")), ONE_REJECT
    ),
    "a time with -0500": OddMonth(
        ".csv", with_rows_like(with_times_like("2024-01-10T10:00:00-0500")), ONE_REJECT
    ),
    "a time with a zone": OddMonth(
        ".csv", with_rows_like(with_times_like("2024-01-10 15:00:00 UTC")), ONE_REJECT
    ),
    "a time with a small z": OddMonth(
        ".csv", with_rows_like(with_times_like("2024-01-10T10:00:00z")), ONE_REJECT
    ),
    "a time of an hour 24": OddMonth(
        ".csv", with_rows_like(with_times_like("2024-01-10 24:00:00")), ONE_REJECT
    ),
    "an underscore in a number": OddMonth(
        ".csv", with_rows_like(ROW.replace(",8,", ",1_000,"), ROW.replace(",74,", ",7_4,")), Counts(ROWS, 2)
    ),
    "UTF-32": OddMonth(".csv", GOOD.decode().encode("utf-32"), "is text in UTF-32"),
    "numbers that one engine casts and the other does not": OddMonth(
        ".csv",
        text(
            *rows(),
            *[ROW.replace(",8,", f",{number},") for number in ("0x1p3", "-nan", "92233720368547758.07")],
        ),
        Counts(ROWS, 3),
    ),
    "times that one engine casts and the other does not": OddMonth(
        ".csv",
        text(*rows(), *map(with_times_like, ("2024-01-10 10", "2024-01-10  10:00", "2024-01-10 010:00:00"))),
        Counts(ROWS, 3),
    ),
    "nanoseconds before a full second": OddMonth(
        ".parquet",
        parquet(with_column("lpep_dropoff_datetime", NEARLY_NEXT_MINUTE), version="2.6"),
        ALL,
    ),
    "fractions of seconds": OddMonth(
        ".csv", with_rows_like(with_times_like("2024-01-10T10:00:00.999")), Counts(ROWS + 1)
    ),
    "times in UTC in Parquet": OddMonth(
        ".parquet", parquet(with_column("lpep_pickup_datetime", UTC_TIMES)), "TIMESTAMP WITH TIME ZONE"
    ),
    "a time that no calendar has": OddMonth(
        ".parquet",
        parquet(with_column("lpep_pickup_datetime", OUTERMOST_TIMES)),
        Counts(ROWS - 2, 2),
    ),
    "flags as booleans": OddMonth(
        ".parquet", parquet(with_column("store_and_fwd_flag", pa.array([False] * ROWS))), ALL
    ),
    "flags as numbers": OddMonth(
        ".parquet", parquet(with_column("store_and_fwd_flag", pa.array([0] * ROWS))), ALL
    ),
    "flags as numbers, some absent": OddMonth(
        ".parquet",
        parquet(with_column("store_and_fwd_flag", pa.array([0.0, float("nan")] * (ROWS // 2)))),
        ALL,
    ),
    "flags as words": OddMonth(".csv", text(*[ROW.replace(",N,", ",False,")] * ROWS), ALL),
    "two columns of one name": OddMonth(
        ".csv", text(*[f"{ROW},0"] * ROWS, header=f"{HEADER},VendorID"), "of the same name"
    ),
    "a column named as the reader's": OddMonth(
        ".csv", text(*[f"{ROW},0"] * ROWS, header=f"{HEADER},File_Row"), "is reserved for the reader"
    ),
    "row numbers exported by DuckDB": OddMonth(
        ".parquet",
        parquet(trips().append_column("file_row_number", pa.array(range(ROWS)))),
        "is reserved for the reader",
    ),
    "two columns but for case": OddMonth(
        ".parquet", parquet(trips().append_column("vendorid", pa.array([1] * ROWS))), "of the same name"
    ),
    "two equal columns": OddMonth(
        ".parquet", parquet(trips().append_column("VendorID", pa.array([1] * ROWS))), "of the same name"
    ),
    "Parquet cut off": OddMonth(".parquet", parquet(trips())[:-300], "truncated"),
    "Parquet without rows": OddMonth(".parquet", parquet(trips().slice(0, 0)), Counts(0)),
    "a wrong page of Parquet": OddMonth(
        ".parquet", damaged_page(compression="none", write_page_checksum=True), "checksum"
    ),
    "a wrong page of Parquet, gzip": OddMonth(".parquet", damaged_page(compression="gzip"), "fetch it again"),
}
"""By what is odd."""
