"""Draw a chart of task times before and after skew was removed: one scale per operation, in seconds."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import chain
from pathlib import Path

WIDTH, PLOT_HEIGHT, ROW_HEIGHT = 960, 130, 214
LEFT, GAP, RIGHT, TOP = 64, 64, 24, 58
BARS = 64
COLORS = ("#c0392b", "#2471a3")
NICE_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
MOST_TICKS = 5


def draw(times: Mapping[str, Mapping[str, Sequence[float]]], title: str, target: Path) -> None:
    """Write an SVG: for each operation the tasks of its longest stage, longest first, before and after."""
    height = TOP + len(times) * ROW_HEIGHT
    rows = [_row(name, both, TOP + place * ROW_HEIGHT) for place, (name, both) in enumerate(times.items())]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{escape(title)}" font-family="Helvetica, Arial, sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(LEFT, 24, title, size=15),
        _text(LEFT, 42, "Each bar is a task of the longest stage. Both charts of a row have the same scale."),
        *chain.from_iterable(rows),
        "</svg>\n",
    ]
    target.write_text("\n".join(lines))


def _row(name: str, both: Mapping[str, Sequence[float]], top: int) -> Iterator[str]:
    """Draw one operation: both sides with the same scale."""
    longest = [max(seconds) for seconds in both.values()]
    highest = max(*longest, NICE_STEPS[0])
    width = (WIDTH - LEFT - GAP - RIGHT) / 2
    for place, (side, seconds) in enumerate(both.items()):
        left = LEFT + place * (width + GAP)
        change = f" ({longest[1] / longest[0] - 1:+.0%})" if place and longest[0] else ""
        words = f"{name}, {side}: longest task {longest[place]:.1f} s{change}"
        yield _text(left, top + 16, words, size=13, weight="bold")
        yield from _axes(left, top + 28, width, highest, len(seconds))
        yield from _bars(sorted(seconds, reverse=True)[:BARS], left, top + 28, width, highest, COLORS[place])


def _axes(left: float, top: float, width: float, highest: float, tasks: int) -> Iterator[str]:
    step = next((step for step in NICE_STEPS if highest / step <= MOST_TICKS), NICE_STEPS[-1])
    for tick in range(int(highest / step) + 1):
        y = top + PLOT_HEIGHT * (1 - tick * step / highest)
        yield f'<path d="M{left:.1f} {y:.1f} h{width:.1f}" stroke="{"#555555" if not tick else "#dddddd"}"/>'
        yield _text(left - 6, y + 4, f"{tick * step:g} s", anchor="end")
    yield _text(left + width / 2, top + PLOT_HEIGHT + 18, f"{tasks} tasks, longest first", anchor="middle")


def _bars(
    seconds: Sequence[float], left: float, top: float, width: float, highest: float, color: str
) -> Iterator[str]:
    for place, value in enumerate(seconds):
        height = PLOT_HEIGHT * value / highest
        x, y = left + 2 + place * (width - 2) / BARS, top + PLOT_HEIGHT - height
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{(width - 2) / BARS * 0.8:.1f}" height="{height:.1f}"'
            f' fill="{color}"/>'
        )


def _text(
    x: float, y: float, text: str, *, size: int = 11, weight: str = "normal", anchor: str = "start"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
        f' fill="#222222">{escape(text)}</text>'
    )
