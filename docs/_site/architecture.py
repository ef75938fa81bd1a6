"""Draw docs/architecture.svg from architecture.toml: the SVG goes to standard output."""

import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("architecture.toml")
INK, GREY = "#222222", "#555555"


def drawn(source: Mapping[str, Any]) -> str:
    """Draw the boxes and arrows as SVG."""
    width, height, title = source["width"], source["height"], escape(source["title"])
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
            f' aria-label="{title}" font-family="Helvetica, Arial, sans-serif">',
            f"<title>{title}</title>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
            f' orient="auto"><path d="M0 0 8 4 0 8z" fill="{GREY}"/></marker></defs>',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *(line for band in source["bands"] for line in _band(band, width)),
            *(line for arrow in source["arrows"] for line in _arrow(arrow)),
            *(line for box in source["boxes"].values() for line in _box(box, source["colors"])),
            "</svg>",
        ]
    )


def _band(band: Mapping[str, Any], width: int) -> Iterator[str]:
    y, height = band["y"], band["height"]
    size = f'width="{width - 16}" height="{height}"'
    yield f'<rect x="8" y="{y}" {size} rx="8" fill="#fafafa" stroke="#dddddd"/>'
    middle = y + height / 2
    yield (
        f'<text x="24" y="{middle:g}" text-anchor="middle" font-size="13" fill="{GREY}"'
        f' transform="rotate(-90 24 {middle:g})">{escape(band["text"])}</text>'
    )


def _box(box: Mapping[str, Any], colors: Mapping[str, str]) -> Iterator[str]:
    x, y, width, height = box["at"]
    middle = x + width / 2
    yield (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6"'
        f' fill="{colors[box["color"]]}" stroke="{GREY}"/>'
    )
    yield _text(middle, y + 24, box["title"], size=15, weight="bold")
    for number, line in enumerate(box["lines"]):
        yield _text(middle, y + 46 + 19 * number, line, size=12.5)
    if "aws" in box:
        yield _text(middle, y + height - 9, f"AWS: {box['aws']}", size=11.5, color="#a14b00")


def _arrow(arrow: Mapping[str, Any]) -> Iterator[str]:
    points: Sequence[Sequence[int]] = arrow["path"]
    path = "M" + " L".join(f"{x} {y}" for x, y in points)
    dashes = ' stroke-dasharray="5 4"' if arrow.get("dashed") else ""
    yield (
        f'<path d="{path}" fill="none" stroke="{GREY}" stroke-width="1.6"{dashes} marker-end="url(#tip)"/>'
    )
    if "text" in arrow:
        (x, y), (next_x, next_y) = points[0], points[1]
        is_level = y == next_y
        at = ((x + next_x) / 2, y - 7) if is_level else (x + 6, (y + next_y) / 2 + 4)
        yield _text(*at, arrow["text"], size=11.5, color=GREY, anchor="middle" if is_level else "start")


def _text(  # noqa: PLR0913 - what an SVG text has
    x: float,
    y: float,
    text: str,
    *,
    size: float,
    weight: str = "normal",
    color: str = INK,
    anchor: str = "middle",
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size:g}" font-weight="{weight}"'
        f' fill="{color}">{escape(text)}</text>'
    )


if __name__ == "__main__":
    sys.stdout.write(drawn(tomllib.loads(SOURCE.read_text("utf-8"))) + "\n")
