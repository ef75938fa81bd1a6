"""The times of tasks before and after a cure, as a drawing."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

WIDTH, ROW, MARGIN, BARS = 860, 120, 30, 64
COLOURS = {"before": "#c0392b", "after": "#2471a3"}


def draw(times: Mapping[str, Mapping[str, Sequence[float]]], title: str, target: Path) -> None:
    """Write an SVG: for each operation the tasks of its longest stage, longest first, before and after."""
    parts = [
        f'<text x="{MARGIN}" y="22" font-size="15">{escape(title)}</text>',
        *(
            part
            for place, (name, both) in enumerate(times.items())
            for part in _row(name, both, 40 + place * (ROW + 40))
        ),
    ]
    height = 60 + len(times) * (ROW + 40)
    frame = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif">'
    )
    target.write_text(
        "\n".join([frame, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n"])
    )


def _row(name: str, both: Mapping[str, Sequence[float]], top: int) -> list[str]:
    """One operation: both sides by the same scale."""
    longest = max(max(seconds) for seconds in both.values()) or 1.0
    half = (WIDTH - 3 * MARGIN) / 2
    parts = []
    for place, (side, seconds) in enumerate(both.items()):
        left = MARGIN + place * (half + MARGIN)
        words = f"{name}: {side}, longest task {max(seconds):.1f} s of {len(seconds)}"
        parts.append(f'<text x="{left:.0f}" y="{top + 12}" font-size="12">{escape(words)}</text>')
        parts += _bars(sorted(seconds, reverse=True)[:BARS], left, top + 20, half / BARS, longest, place)
    return parts


def _bars(
    seconds: Sequence[float], left: float, top: float, width: float, longest: float, place: int
) -> list[str]:
    colour = list(COLOURS.values())[place]
    heights = [ROW * value / longest for value in seconds]
    return [
        f'<rect x="{left + at * width:.1f}" y="{top + ROW - height:.1f}"'
        f' width="{width * 0.8:.1f}" height="{height:.1f}" fill="{colour}"/>'
        for at, height in enumerate(heights)
    ]
