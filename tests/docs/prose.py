"""The prose of a file: Markdown without code, comments and strings of code."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

Line = tuple[int, str]

_CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"`[^`]*`", re.DOTALL)
_LINK_TARGET = re.compile(r"\]\([^)]*\)")
_COMMENT = {".sql": "--", ".java": "//", ".tf": "#", ".toml": "#", ".yml": "#", ".yaml": "#", ".sh": "#"}
_COMMENT_BY_NAME = {"Makefile": "#", "run": "#", "alerts.yml": "", "settings.toml": ""}
"""The mark by file name; an empty one reads whole lines, because the values are texts for people."""
_SQL = re.compile(r"""\w*["']+\s*(?:select|insert into|update\s+\S+\s+set|delete from)\s""")


def prose_of(path: Path) -> Iterator[Line]:
    """Yield number and text of each line that a person reads."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return _of_python(text)
    mark = _COMMENT_BY_NAME.get(path.name, _COMMENT.get(path.suffix))
    if mark is not None:
        return _of_comments(text, mark)
    return _of_markdown(text)


def _of_markdown(text: str) -> Iterator[Line]:
    for pattern in (_CODE_BLOCK, _CODE_SPAN, _LINK_TARGET):
        # Line numbers stay: what is removed leaves its line breaks.
        text = pattern.sub(lambda found: "\n" * found[0].count("\n"), text)
    yield from enumerate(text.splitlines(), 1)


def _of_python(text: str) -> Iterator[Line]:
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in kinds and _is_prose(token.string):
            for offset, line in enumerate(token.string.splitlines()):
                yield token.start[0] + offset, _CODE_SPAN.sub("", line)


def _is_prose(text: str) -> bool:
    """Check that a comment or string is neither a single name nor a query."""
    return " " in text.strip() and not _SQL.match(text)


def _of_comments(text: str, mark: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        _, found, comment = line.partition(mark) if mark else ("", True, line)
        if found:
            yield number, _CODE_SPAN.sub("", comment)
