"""Small changes of a file, each of which some test should notice.

Libraries that do this know Python alone, some of them only the inside of functions. Here most is SQL, with
placeholders and bodies of functions in it, and much of the Python is tables of constants.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

FLIPS = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "+": "-",
    "-": "+",
    "*": "+",
    "/": "*",
    "and": "or",
    "or": "and",
    "min": "max",
    "max": "min",
    "true": "false",
    "false": "true",
}
PYTHON_FLIPS = FLIPS | {
    "==": "!=",
    "!=": "==",
    "//": "*",
    "%": "*",
    "+=": "-=",
    "-=": "+=",
    "not": "",
    "is": "is not",
    "any": "all",
    "all": "any",
    "True": "False",
    "False": "True",
}
SQL_FLIPS = FLIPS | {
    "=": "<>",
    "<>": "=",
    "%": "*",
    "not": "",
    "is null": "is not null",
    "is not null": "is null",
    "is distinct from": "is not distinct from",
    "sum": "max",
    "greatest": "least",
    "desc": "",
    "distinct": "",
    "left join": "inner join",
    "full join": "left join",
    "union all": "union",
}
SQL_TOKENS = re.compile(
    r"""
    (?P<skipped> --[^\n]* | \$\{[^}]*\} | %\(\w+\)s | "[^"]*" | `[^`]*`
        | ::\s*\w+(?:\s*\([\d,\s]*\))? | \b(?:numeric|decimal|timestamp)\s*\([\d,\s]*\) | \brows\s+\d+
        | \bor\s+replace\b | \bif\s+not\s+exists\b | \bnot\s+null(?=\s*[,)\n]|\s+(?:default|check)) )
    | (?P<removed> \bdistinct\s+on\s*\([^)]*\) )
    | (?P<interval> interval\s*'[^']*' )
    | (?P<text> '(?:[^']|'')*' )
    | (?P<flipped> \bis\s+not\s+null\b | \bis\s+null\b | \bis\s+distinct\s+from\b | \bunion\s+all\b
        | \b(?:left|full)\s+join\b | <> | <= | >= | [<>=+\-*/%](?![=>]) | (?<![\w.])[a-z]+(?![\w.]) )
    | (?P<number> (?<![\w.$])\d+(?![\w.]) )
    | (?P<other> \w+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
TEXTS = {"STRING", "FSTRING_MIDDLE"}
"""Python 3.12 takes formatted texts apart."""
LOOKS_LIKE_SQL = re.compile(r"\bselect\b|\bis null\b|interval '|[<>]=? |\w = ", re.IGNORECASE)


@dataclass(frozen=True)
class Mutant:
    """One change of a file of the tree: from `start` on, the text `before` becomes `after`."""

    file: str
    start: int
    line: int
    before: str
    after: str
    content: str
    """A digest of the unchanged file: a mutant of another content is another mutant."""

    @property
    def key(self) -> str:
        """Tells it from every other mutant, over all versions of the file."""
        return f"{self.file}@{self.content}:{self.start}:{self.after}"

    def applied(self, text: str) -> str:
        """The text of the file with the change in it."""
        return text[: self.start] + self.after + text[self.start + len(self.before) :]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {' '.join(self.before.split())} → {self.after or 'nothing'}"


def mutants_of(root: Path, file: Path) -> list[Mutant]:
    """Every mutant of a Python or SQL file, in the order of its text, but those that Python cannot read."""
    text = file.read_text("utf-8")
    name, content = str(file.relative_to(root)), sha256(text.encode()).hexdigest()[:8]
    changes = _python_changes(text) if file.suffix == ".py" else sql_changes(text)
    found = [
        Mutant(name, start, text.count("\n", 0, start) + 1, before, after, content)
        for start, before, after in changes
    ]
    return [mutant for mutant in found if file.suffix != ".py" or _is_python(mutant.applied(text))]


def sql_changes(text: str, offset: int = 0) -> Iterator[tuple[int, str, str]]:
    """Where, what and into what SQL can be changed; of texts only the numbers of intervals are."""
    for match in SQL_TOKENS.finditer(text):
        kind, token, start = match.lastgroup, match[0], match.start() + offset
        if kind == "removed":
            yield start, token, ""
        elif kind == "interval":
            for number in re.finditer(r"\d+(?=\D*')", token):
                yield start + number.start(), number[0], str(int(number[0]) + 1)
        elif kind == "number":
            yield start, token, str(int(token) + 1)
        elif (flipped := _flipped(text, match)) is not None:
            yield start, token, flipped


def _flipped(text: str, match: re.Match[str]) -> str | None:
    """What an operator becomes; None for any other token, and for an asterisk that means all columns."""
    is_product = re.match(r"\s*(?!from\b)[\w(]", text[match.end() :])
    if match.lastgroup != "flipped" or (match[0] == "*" and not is_product):
        return None
    return SQL_FLIPS.get(" ".join(match[0].split()))


def _python_changes(text: str) -> Iterator[tuple[int, str, str]]:
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    for_people = _lines_for_people(text)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start = lines[token.start[0] - 1] + token.start[1]
        if tokenize.tok_name[token.type] in TEXTS:
            if token.start[0] not in for_people and LOOKS_LIKE_SQL.search(token.string):
                opening = re.match(r"\w*[\"']*", token.string)
                skipped = opening.end() if opening and token.type == tokenize.STRING else 0
                yield from sql_changes(token.string[skipped:].rstrip("\"'"), start + skipped)
        elif not token.line.lstrip().startswith("@"):  # frozen or not: nobody tries to change it
            yield from _token_changes(text, token, start)


def _token_changes(text: str, token: tokenize.TokenInfo, start: int) -> Iterator[tuple[int, str, str]]:
    digits = token.string.replace("_", "")
    if token.type == tokenize.NUMBER and digits.isdecimal():
        yield start, token.string, str(int(digits) + 1)
    elif token.type in {tokenize.OP, tokenize.NAME} and token.string in PYTHON_FLIPS:
        is_half = token.string == "is" and text[start + 2 :].lstrip().startswith("not ")
        if not is_half and not (token.string == "*" and _is_no_product(text, start)):
            yield start, token.string, PYTHON_FLIPS[token.string]


def _is_no_product(text: str, start: int) -> bool:
    """An asterisk that unpacks, or that ends the positional parameters."""
    before = text[:start].rstrip()
    return not (before[-1:].isalnum() or before[-1:] in {")", "]", "_"}) or text[start + 1] in ",)"


def _lines_for_people(text: str) -> set[int]:
    """Lines of docstrings and of errors: their texts are no SQL."""
    said = (
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Raise)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    )
    return {line for node in said for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def _is_python(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True
