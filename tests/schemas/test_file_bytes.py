"""Gzip is unpacked as `gzip -d` does, and every checksum counts."""

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UserError
from schemas.file_bytes import DamagedError, GzipContent, refuse_no_text, refuse_other_kinds

pytestmark = pytest.mark.unit

CONTENT = b"1,2,3\n" * 500


def unpacked(packed: bytes, block: int = 64) -> bytes:
    return b"".join(GzipContent().unpacked(packed[at : at + block] for at in range(0, len(packed), block)))


GZIP_HEAD, PARQUET_HEAD, ZIP_HEAD, UTF_16_HEAD = b"\x1f\x8b\x08", b"PAR1", b"PK\x03\x04", b"\xff\xfea\0"


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("m.parquet", PARQUET_HEAD),
        ("m.csv", b"a,b\n1,2\0\n"),
        ("m.csv.gz", GZIP_HEAD),
        ("m.parquet", b""),
        ("m.csv", b""),
        ("m.csv.gz", b""),
    ],
)
def test_a_file_of_the_kind_that_its_name_says_is_taken(name: str, head: bytes) -> None:
    refuse_other_kinds("here", name, head)


@pytest.mark.parametrize(
    ("name", "head", "refusal"),
    [
        ("m.parquet", GZIP_HEAD, "here: is gzip-compressed, not Parquet; extract it"),
        ("m.parquet", ZIP_HEAD, "here: is a ZIP archive, not Parquet; extract it"),
        ("m.csv", PARQUET_HEAD, "here: is Parquet, not CSV in UTF-8; rename it to m.parquet"),
        ("m.csv", GZIP_HEAD, "here: is gzip-compressed, not CSV in UTF-8; rename it to m.csv.gz"),
        ("m.csv", UTF_16_HEAD, "here: is text in UTF-16, not CSV in UTF-8; convert it to UTF-8"),
        ("m.csv", b"a\0,\0b\0\n\0", "here: its header contains zero bytes"),
        ("m.csv.gz", b"a,b\n", "here: is not gzip-compressed; rename it to m.csv"),
        ("m.csv.gz", PARQUET_HEAD, "here: is Parquet, not gzip-compressed; rename it to m.parquet"),
        ("m.csv.gz", ZIP_HEAD, "here: is a ZIP archive, not gzip-compressed; extract it"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_to_do(name: str, head: bytes, refusal: str) -> None:
    with pytest.raises(UserError) as refused:
        refuse_other_kinds("here", name, head)
    assert str(refused.value).startswith(refusal)


def test_gzip_in_gzip_is_refused() -> None:
    with pytest.raises(UserError, match="here: is gzip-compressed twice, not CSV in UTF-8; extract it"):
        refuse_no_text("here", "m.csv.gz", GZIP_HEAD)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(0, 5), st.integers(1, 50))
def test_members_and_padding_are_one_content(members: list[bytes], zeros: int, block: int) -> None:
    packed = b"".join(gzip.compress(member) + bytes(zeros) for member in members)
    assert unpacked(packed, block) == b"".join(members)


@pytest.mark.parametrize("zeros", [0, 1, 512])
def test_padding_is_noticed(zeros: int) -> None:
    content = GzipContent()
    assert b"".join(content.unpacked([gzip.compress(CONTENT) + bytes(zeros)])) == CONTENT
    assert content.is_padded is (zeros > 0)


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_changed_bit_is_never_believed(place: int, bit: int) -> None:
    packed = bytearray(gzip.compress(CONTENT, mtime=0))
    at = place % len(packed)
    packed[at] ^= 1 << bit
    # Some bits mean nothing: the time in the header, the filling of the last byte.
    with suppress(DamagedError):
        assert unpacked(bytes(packed)) == CONTENT


@given(st.integers(1, 60))
def test_a_missing_end_is_never_believed(missing: int) -> None:
    packed = gzip.compress(CONTENT)
    with pytest.raises(DamagedError):
        unpacked(packed[: -min(missing, len(packed) - 1)])


@pytest.mark.parametrize("behind", [b"x", b"\0\0</html>", b"\x1f", b"PK\x03\x04"])
def test_something_else_behind_it_is_damage(behind: bytes) -> None:
    with pytest.raises(DamagedError):
        unpacked(gzip.compress(CONTENT) + behind)


def test_deflate_without_gzip_is_damage() -> None:
    with pytest.raises(DamagedError, match="cannot decompress"):
        unpacked(zlib.compress(CONTENT))
