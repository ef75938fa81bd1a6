"""Detect a file's type by its bytes, regardless of its name; unpack and check its content."""

import zlib
from collections.abc import Iterable, Iterator

from schemas.errors import UserError

GZIP = "gzip-compressed"
PARQUET = "Parquet"
KINDS = {
    b"\x1f\x8b": GZIP,
    b"PAR1": PARQUET,
    b"PK\x03\x04": "a ZIP archive",
    b"BZh": "bzip2-compressed",
    b"\xfd7zXZ\0": "xz-compressed",
    b"\x28\xb5\x2f\xfd": "Zstandard-compressed",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"\xff\xfe\0\0": "text in UTF-32",
    b"\0\0\xfe\xff": "text in UTF-32",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}
TEXTS = ("text in UTF-16", "text in UTF-32")
UTF_8_MARK = b"\xef\xbb\xbf"
HEAD_BYTES = 1 << 16
GZIP_ONLY = 31
GZIP_FIRST_BYTE = 0x1F
BEHIND_GZIP = "is damaged: its gzip data is followed by other data"
SAVE_AS_UTF_8 = "convert it to UTF-8, for example with: iconv -f UTF-16 -t UTF-8 FILE > NEW"


class DamagedError(ValueError):
    """The damage of a file, worded as the end of a sentence."""


def refuse_other_kinds(path: object, name: str, head: bytes) -> None:
    """Raise UserError unless the first bytes match the file's name; an empty file matches any name."""
    kind = kind_of(head)
    if not head:
        return
    if name.endswith(".parquet"):
        if kind not in {None, PARQUET}:
            raise UserError(f"{path}: is {kind}, not Parquet", _remedy(kind, name))
    elif not name.endswith(".gz"):
        refuse_no_text(path, name, head)
    elif kind is None:
        raise UserError(f"{path}: is not gzip-compressed", f"rename it to {name.removesuffix('.gz')}")
    elif kind != GZIP:
        raise UserError(f"{path}: is {kind}, not gzip-compressed", _remedy(kind, name))


def refuse_no_text(path: object, name: str, head: bytes) -> None:
    """Raise UserError unless these first bytes, unpacked, are text in UTF-8."""
    if kind := kind_of(head):
        twice = " twice" if kind == GZIP and name.endswith(".gz") else ""
        raise UserError(f"{path}: is {kind}{twice}, not CSV in UTF-8", _remedy(kind, name))
    if b"\0" in head.partition(b"\n")[0]:
        raise UserError(
            f"{path}: its header contains zero bytes, so it is text in UTF-16 or binary data", SAVE_AS_UTF_8
        )


def kind_of(head: bytes) -> str | None:
    """Return the type that these first bytes indicate; None where they may be text."""
    return next((kind for mark, kind in KINDS.items() if head.startswith(mark)), None)


def _remedy(kind: str | None, name: str) -> str:
    if kind in TEXTS:
        return SAVE_AS_UTF_8.replace("UTF-16", kind.removeprefix("text in "))
    if kind == PARQUET:
        return f"rename it to {name.partition('.')[0]}.parquet"
    if kind == GZIP and not name.endswith((".gz", ".parquet")):
        return f"rename it to {name}.gz, or decompress it with gunzip"
    return "extract it, and use the extracted file"


class GzipContent:
    """Unpacker of gzip that works as `gzip -d`: members are concatenated, and trailing zeros are padding.

    zlib checks each member against the checksum and the length that follow it.
    """

    def __init__(self) -> None:
        self.is_padded = False

    def unpacked(self, packed: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the content block by block; raises DamagedError."""
        member, members = None, 0
        for block in packed:
            left = block
            while left := left if member or not members else self._without_padding(left):
                if member is None:
                    if members and left[0] != GZIP_FIRST_BYTE:
                        raise DamagedError(BEHIND_GZIP)
                    member, members = zlib.decompressobj(wbits=GZIP_ONLY), members + 1
                yield _decompressed(member, left, is_first=members == 1)
                left = member.unused_data
                member = None if member.eof else member
        if member is not None:
            raise DamagedError("is truncated: its gzip data is incomplete")

    def _without_padding(self, block: bytes) -> bytes:
        rest = block.lstrip(b"\0")
        self.is_padded |= len(rest) < len(block)
        return rest


def _decompressed(member: "zlib._Decompress", packed: bytes, *, is_first: bool) -> bytes:
    try:
        return member.decompress(packed)
    except zlib.error as error:
        raise DamagedError(_gzip_damage(str(error), is_first=is_first)) from None


def _gzip_damage(reason: str, *, is_first: bool) -> str:
    if "data check" in reason or "length check" in reason:
        return "is damaged: its content does not match its gzip checksum"
    if "header check" in reason and not is_first:
        return BEHIND_GZIP
    return f"is damaged: cannot decompress its gzip data ({reason.rpartition(': ')[2]})"
