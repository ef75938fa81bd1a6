"""Count the rows of a CSV month without a parser, and rewrite it so that every parser reads the same rows.

A line is a row. It ends in LF, CRLF or CR. A line without visible characters is blank. A misplaced quote
spoils only its own line, although a parser would read everything up to the next quote as one value. Several
lines form one row only if they are a valid row together and none of them is a valid row alone: a quoted value
then spans them. Each line break in it becomes U+FFFD, which no text of a trip can contain.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.csv_head import BLANKS, WRONG_HEADER, has_sound_quotes
from schemas.file_bytes import UTF_8_MARK, DamagedError

LONGEST_LINE_BYTES = 2_000_000
LONGEST_VALUE_LINES = 100
SHOWN_BYTES = 4_000
"""Bytes shown of an invalid line; DuckDB shows the first 10,000 of a line that it rejects."""

TORN_MARK = "\x1f"
"""Marker of a torn line, which is replaced by one quoted field: marker, reason, marker, line."""
WRONG_QUOTE, NOT_UTF_8, TOO_LONG = "UNQUOTED VALUE", "INVALID ENCODING", "LINE SIZE OVER MAXIMUM"
"""Reasons, named as in DuckDB."""
ZERO_BYTE = "ZERO BYTE"
"""The reason for a line from a block that was never written: Spark strips such bytes, DuckDB does not."""

_MAYBE_BLANK = re.compile(rb"\n[\x00-\x20]")
_LF, _CRLF, _CR = "LF", "CRLF", "CR"


@dataclass(frozen=True)
class CsvAccount:
    """The header line and the counts: `blank` lines, `rows`, and `continued` lines inside of values.

    `torn` counts the rows that are invalid. A file is plain when every parser finds exactly these rows in it.
    """

    lines: int
    blank: int
    continued: int
    rows: int
    torn: int
    is_plain: bool


class CsvRows:
    """A single-pass reader of a CSV month."""

    def __init__(self, fields: int) -> None:
        self._fields = fields
        self._open: list[bytes] = []
        self._ends: set[str] = set()
        self._has_header = self._is_changed = False
        self._blank = self._continued = self._rows = self._torn = 0

    @property
    def account(self) -> CsvAccount:
        """The counts, which are complete after the last byte was read."""
        return CsvAccount(
            lines=self._has_header + self._blank + self._rows + self._continued,
            blank=self._blank,
            continued=self._continued,
            rows=self._rows,
            torn=self._torn,
            is_plain=not self._is_changed and len(self._ends) <= 1 and _CR not in self._ends,
        )

    def plain(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the file for any parser: header, then one line per row; DamagedError for a torn header."""
        for lines in _whole_lines(blocks):
            text = self._with_equal_ends(lines)
            if not self._has_header:
                header, text = self._header(text)
                yield header
            if self._open or self._is_odd(text):
                yield b"".join(self._by_line(text))
            else:
                self._rows += text.count(b"\n") + (bool(text) and not text.endswith(b"\n"))
                yield text
        while self._open:
            yield b"".join(self._given_up())

    def _with_equal_ends(self, lines: bytes) -> bytes:
        returns = lines.count(b"\r")
        both = lines.count(b"\r\n") if returns else 0
        found = {_CRLF: both, _CR: returns - both, _LF: lines.count(b"\n") - both}
        self._ends |= {end for end, count in found.items() if count}
        return lines.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if returns else lines

    def _header(self, text: bytes) -> tuple[bytes, bytes]:
        """Return the header and the bytes after it; both empty while only blank lines were read."""
        left = text.removeprefix(UTF_8_MARK)
        self._is_changed |= left != text
        while left:
            header, _, left = left.partition(b"\n")
            if header.strip(BLANKS):
                self._has_header = True
                return self._sound_header(header), left
            self._blank, self._is_changed = self._blank + 1, True
        return b"", b""

    def _sound_header(self, header: bytes) -> bytes:
        if not has_sound_quotes(header):
            raise DamagedError(WRONG_HEADER)
        sound = header if _is_utf_8(header) else header.decode("utf-8", "replace").encode()
        self._is_changed |= sound != header
        return sound + b"\n"

    def _is_odd(self, text: bytes) -> bool:
        """Return whether the lines must be checked one by one."""
        return (
            b'"' in text
            or b"\0" in text
            or text[:1] in BLANKS
            or _MAYBE_BLANK.search(text) is not None
            or not _is_utf_8(text)
            or len(text) > LONGEST_LINE_BYTES
        )

    def _by_line(self, text: bytes) -> Iterator[bytes]:
        if text:
            for line in text.removesuffix(b"\n").split(b"\n"):
                yield from self._line(line)

    def _line(self, line: bytes) -> Iterator[bytes]:
        if self._open:
            yield from self._going_on(line)
        elif not line.strip(BLANKS):
            self._blank, self._is_changed = self._blank + 1, True
        elif fault := _fault(line):
            self._is_changed = True
            if fault == WRONG_QUOTE and line.count(b'"') % 2:
                self._open = [line]
            else:
                yield self._torn_row(line, fault)
        else:
            self._rows += 1
            yield line + b"\n"

    def _going_on(self, line: bytes) -> Iterator[bytes]:
        """Process the line after one with an unclosed quoted value."""
        self._open.append(line)
        together = b"\n".join(self._open)
        if self._is_a_row(together):
            self._rows, self._continued = self._rows + 1, self._continued + len(self._open) - 1
            self._open = []
            yield together.replace(b"\n", "\N{REPLACEMENT CHARACTER}".encode()) + b"\n"
        elif (
            len(self._open) >= LONGEST_VALUE_LINES
            or self._is_a_row(line)
            or self._has_fields_of_two(together)
            or not _is_utf_8(line)
        ):
            yield from self._given_up()

    def _given_up(self) -> Iterator[bytes]:
        """Treat the quote as a stray one: its line is torn, and the other lines are read on their own."""
        first, *others = self._open
        self._open = []
        yield self._torn_row(first, WRONG_QUOTE)
        for line in others:
            yield from self._line(line)

    def _torn_row(self, line: bytes, fault: str) -> bytes:
        self._rows, self._torn = self._rows + 1, self._torn + 1
        shown = line[:SHOWN_BYTES].decode("utf-8", "replace").replace("\0", "\ufffd").replace('"', '""')
        return f'"{TORN_MARK}{fault}{TORN_MARK}{shown}"\n'.encode()

    def _is_a_row(self, text: bytes) -> bool:
        """Return whether the text has the fields of one row, with its quotes in the right places."""
        if not has_sound_quotes(text) or self._has_fields_of_two(text):
            return False
        return sum(part.count(b",") for part in text.split(b'"')[::2]) + 1 == self._fields

    def _has_fields_of_two(self, text: bytes) -> bool:
        return text.count(b",") >= 2 * (self._fields - 1)


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Regroup the bytes into pieces that end at a line end; cut an overlong line after its beginning."""
    rest = b""
    for block in blocks:
        rest += block[_first_end(block) :] if _is_overlong(rest) else block
        # A CR at the very end may be the first half of a CRLF.
        if end := 1 + max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, -1)):
            yield rest[:end]
            rest = rest[end:]
        if _is_overlong(rest):
            rest = rest[: LONGEST_LINE_BYTES + 1]
    if rest:
        yield rest


def _is_overlong(rest: bytes) -> bool:
    """Return whether the line is too long and continues: a CR at its end may already have ended it."""
    return len(rest) > LONGEST_LINE_BYTES and not rest.endswith(b"\r")


def _first_end(block: bytes) -> int:
    ends = [at for at in (block.find(b"\n"), block.find(b"\r")) if at >= 0]
    return min(ends, default=len(block))


def _fault(line: bytes) -> str | None:
    """Return why a line cannot be a row, independent of its fields."""
    if len(line) > LONGEST_LINE_BYTES:
        return TOO_LONG
    if not _is_utf_8(line):
        return NOT_UTF_8
    if b"\0" in line:
        return ZERO_BYTE
    return None if has_sound_quotes(line) else WRONG_QUOTE


def _is_utf_8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
