"""Tables and cells of Markdown."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Render rows whose cells are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """Render text as code inside a cell; empty text stays empty."""
    return f"`{_one_line(text)}`" if text.strip() else ""


def prose(text: str) -> str:
    """Render text of a docstring or description as the content of a cell."""
    return _one_line(text).replace("<", "&lt;")


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
