"""Expand macros in an SQL that has none: calls by name are replaced by the macro's text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from batch_backfill.sql import sql_text

_DEFINITION = re.compile(r"macro (\w+)\(([\w, ]+)\) as\s+(.*?);\n", re.DOTALL)
_PIECES = re.compile(r"'[^']*'|`[^`]*`|[(),]")


@dataclass(frozen=True)
class Macro:
    """A text with placeholders for arguments."""

    parameters: tuple[str, ...]
    body: str

    def filled(self, arguments: Sequence[str]) -> str:
        """Return the text with these arguments."""
        values = dict(zip(self.parameters, arguments, strict=True))
        places = re.compile(rf"\b({'|'.join(self.parameters)})\b")
        return f"({places.sub(lambda name: values[name[1]], self.body)})"


class Macros:
    """Macros by name."""

    def __init__(self, macros: Mapping[str, Macro]) -> None:
        self._macros = macros
        self._call = re.compile(rf"\b({'|'.join(macros)})\(")

    @classmethod
    def read(cls) -> "Macros":
        """Read the macros of macros.sql."""
        found = _DEFINITION.findall(sql_text("trips", "macros.sql"))
        return cls({name: Macro(tuple(names.split(", ")), body) for name, names, body in found})

    def expanded(self, sql: str) -> str:
        """Return the query with all macro calls replaced."""
        call = self._call.search(sql)
        if call is None:
            return sql
        arguments, end = _arguments(sql, call.end())
        text = self._macros[call[1]].filled([self.expanded(argument) for argument in arguments])
        return sql[: call.start()] + self.expanded(text) + self.expanded(sql[end:])


def _arguments(sql: str, start: int) -> tuple[list[str], int]:
    """Return the arguments up to the parenthesis that closes the one before `start`, and its position."""
    arguments, begin, depth = [], start, 0
    for piece in _pieces(sql, start):
        if piece[0] == "(":
            depth += 1
        elif piece[0] in ",)" and depth == 0:
            arguments.append(sql[begin : piece.start()].strip())
            begin = piece.end()
            if piece[0] == ")":
                return arguments, begin
        elif piece[0] == ")":
            depth -= 1
    raise ValueError(f"unclosed parenthesis in: {sql[start:]}")


def _pieces(sql: str, start: int) -> Iterator[re.Match[str]]:
    """Yield parentheses and commas; texts and quoted names count as one piece."""
    return _PIECES.finditer(sql, start)
