"""The prose of a file: Markdown without code, comments and strings of Python, comments of SQL and Jinja.

Of any other file, such as YAML, Terraform, Java and HTML, it is every line: no parser is needed, because the
words are not identifiers there.
"""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

Line = tuple[int, str]

_CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"`[^`]*`", re.DOTALL)
_LINK_TARGET = re.compile(r"\]\([^)]*\)")
_QUERY = re.compile(r"""\w*["']+\s*(?:select|insert into|update\s+\S+\s+set|delete from)\s""")
_SQL_COMMENT = re.compile(r"--[^\n]*|\{#.*?#\}", re.DOTALL)


def prose_of(path: Path) -> Iterator[Line]:
    """Yield number and text of each line that a person reads."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return _of_python(text)
    if path.suffix == ".md":
        return _of_markdown(text)
    if path.suffix == ".sql":
        return _of_sql(text)
    return _of_lines(text)


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
    return " " in text.strip() and not _QUERY.match(text)


def _of_sql(text: str) -> Iterator[Line]:
    for comment in _SQL_COMMENT.finditer(text):
        first = text.count("\n", 0, comment.start()) + 1
        for number, line in enumerate(comment[0].splitlines(), first):
            yield number, _CODE_SPAN.sub("", line)


def _of_lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        yield number, _CODE_SPAN.sub("", line)
