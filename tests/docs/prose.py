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


def prose_of(path: Path) -> Iterator[Line]:
    """Yield number and text of each line that a person reads."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return _of_python(text)
    if path.suffix in _COMMENT:
        return _of_comments(text, _COMMENT[path.suffix])
    return _of_markdown(text)


def _of_markdown(text: str) -> Iterator[Line]:
    for pattern in (_CODE_BLOCK, _CODE_SPAN, _LINK_TARGET):
        # Line numbers stay: what is removed leaves its line breaks.
        text = pattern.sub(lambda found: "\n" * found[0].count("\n"), text)
    yield from enumerate(text.splitlines(), 1)


def _of_python(text: str) -> Iterator[Line]:
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in kinds:
            for offset, line in enumerate(token.string.splitlines()):
                yield token.start[0] + offset, _CODE_SPAN.sub("", line)


def _of_comments(text: str, mark: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        _, found, comment = line.partition(mark)
        if found:
            yield number, _CODE_SPAN.sub("", comment)
