"""Gzip is unpacked as `gzip -d` does, and every checksum counts."""

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.file_bytes import DamagedError, GzipContent

pytestmark = pytest.mark.unit

CONTENT = b"1,2,3\n" * 500


def unpacked(packed: bytes, block: int = 64) -> bytes:
    return b"".join(GzipContent().unpacked(packed[at : at + block] for at in range(0, len(packed), block)))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(0, 5), st.integers(1, 50))
def test_members_and_padding_are_one_content(members: list[bytes], zeros: int, block: int) -> None:
    packed = b"".join(gzip.compress(member) + bytes(zeros) for member in members)
    assert unpacked(packed, block) == b"".join(members)


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
