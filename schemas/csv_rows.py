"""The rows of a CSV month, counted without a parser, and put so that every parser reads the same ones.

A line is a row. It ends in LF, CRLF or CR; one without anything visible is blank. A quote in the wrong place
spoils its own line and no other, though a parser would take all lines up to the next quote for one value.
Several lines are one row only where they are one together and none of them is one by itself: a quoted value
goes on. Each line break in it becomes U+FFFD then, which no text of a trip can have.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.csv_head import BLANKS, WRONG_HEADER, has_sound_quotes
from schemas.file_bytes import UTF_8_MARK, DamagedError

LONGEST_LINE_BYTES = 2_000_000
LONGEST_VALUE_LINES = 100
SHOWN_BYTES = 4_000
"""Of a line that is no row: DuckDB shows the first 10,000 of a line that it rejects."""

TORN_MARK = "\x1f"
"""What stands in the place of a torn line: one quoted field, of this, the reason, this and the line."""
WRONG_QUOTE, NOT_UTF_8, TOO_LONG = "UNQUOTED VALUE", "INVALID ENCODING", "LINE SIZE OVER MAXIMUM"
"""Reasons, as DuckDB calls them."""

_MAYBE_BLANK = re.compile(rb"\n[\x00-\x20]")
_LF, _CRLF, _CR = "LF", "CRLF", "CR"


@dataclass(frozen=True)
class CsvAccount:
    """The header's line, `blank` ones, those of `rows`, `continued` ones of values in several lines.

    `torn` of the rows are none. A file is plain when every parser finds just these rows in it as it is.
    """

    lines: int
    blank: int
    continued: int
    rows: int
    torn: int
    is_plain: bool


class CsvRows:
    """Reads a CSV month once, from its first byte to its last."""

    def __init__(self, fields: int) -> None:
        self._fields = fields
        self._open: list[bytes] = []
        self._ends: set[str] = set()
        self._has_header = self._is_changed = False
        self._blank = self._continued = self._rows = self._torn = 0

    @property
    def account(self) -> CsvAccount:
        """What was found; to be asked for when all is read."""
        return CsvAccount(
            lines=self._has_header + self._blank + self._rows + self._continued,
            blank=self._blank,
            continued=self._continued,
            rows=self._rows,
            torn=self._torn,
            is_plain=not self._is_changed and len(self._ends) <= 1 and _CR not in self._ends,
        )

    def plain(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The file for any parser: a line a row, under its header; raises DamagedError for a torn header."""
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
        """The header, and what stands behind it; nothing while there are blank lines only."""
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
        """Whether its lines must be looked at one by one."""
        return (
            b'"' in text
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
        """The next line after one in which a quoted value has no end."""
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
        """The quote was a stray one: its line is no row, and each of the others is what it is."""
        first, *others = self._open
        self._open = []
        yield self._torn_row(first, WRONG_QUOTE)
        for line in others:
            yield from self._line(line)

    def _torn_row(self, line: bytes, fault: str) -> bytes:
        self._rows, self._torn = self._rows + 1, self._torn + 1
        shown = line[:SHOWN_BYTES].decode("utf-8", "replace").replace('"', '""')
        return f'"{TORN_MARK}{fault}{TORN_MARK}{shown}"\n'.encode()

    def _is_a_row(self, text: bytes) -> bool:
        """Whether this has the fields of one row, its quotes in the right places."""
        if not has_sound_quotes(text) or self._has_fields_of_two(text):
            return False
        return sum(part.count(b",") for part in text.split(b'"')[::2]) + 1 == self._fields

    def _has_fields_of_two(self, text: bytes) -> bool:
        return text.count(b",") >= 2 * (self._fields - 1)


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that end where a line does; of a line that is too long only its beginning."""
    rest = b""
    for block in blocks:
        rest += block[_first_end(block) :] if len(rest) > LONGEST_LINE_BYTES else block
        # A CR at the very end may be the first half of a CRLF.
        if end := 1 + max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, -1)):
            yield rest[:end]
            rest = rest[end:]
        rest = rest[: LONGEST_LINE_BYTES + 1]
    if rest:
        yield rest


def _first_end(block: bytes) -> int:
    ends = [at for at in (block.find(b"\n"), block.find(b"\r")) if at >= 0]
    return min(ends, default=len(block))


def _fault(line: bytes) -> str | None:
    """Why a line is no row, whatever its fields."""
    if len(line) > LONGEST_LINE_BYTES:
        return TOO_LONG
    if not _is_utf_8(line):
        return NOT_UTF_8
    return None if has_sound_quotes(line) else WRONG_QUOTE


def _is_utf_8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
