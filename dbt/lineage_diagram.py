"""Draw docs/lineage.svg from dbt's manifest: the models that each mart is built from, and its users.

./taxi dbt parse
./taxi tool python dbt/lineage_diagram.py .taxi/dbt/postgres/manifest.json > docs/lineage.svg
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLOURS = {
    "source": "#dbe7f3",
    "seed": "#dbe7f3",
    "staging": "#eeeeee",
    "snapshot": "#eeeeee",
    "marts": "#d9efd9",
    "exposure": "#fbe9d0",
}
BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 158, 28, 44, 24, 14


@dataclass(frozen=True)
class Node:
    """A box of the diagram."""

    label: str
    kind: str
    parents: Sequence[str]


def main(manifest_file: str) -> None:
    """Print the diagram."""
    print(drawn(json.loads(Path(manifest_file).read_text("utf-8"))))  # noqa: T201 - it is the output


def drawn(manifest: Mapping[str, Any]) -> str:
    """Return the diagram as SVG."""
    nodes = _nodes(manifest)
    columns = _columns(nodes)
    positions = _positions(columns)
    width = len(columns) * (BOX_WIDTH + GAP_X) - GAP_X + 2 * MARGIN
    height = max(map(len, columns)) * (BOX_HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN
    arrows = [
        _arrow(positions[parent], positions[name])
        for name, node in nodes.items()
        for parent in node.parents
        if parent in positions
    ]
    boxes = [_box(node, positions[name]) for name, node in nodes.items()]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
            ' font-family="sans-serif" font-size="11">',
            "<title>Sources and seeds, staging models, marts and exposures</title>",
            f'<rect width="{width}" height="{height}" fill="white"/>',
            *arrows,
            *boxes,
            "</svg>",
        ]
    )


def _nodes(manifest: Mapping[str, Any]) -> dict[str, Node]:
    described = {**manifest["sources"], **manifest["nodes"], **manifest["exposures"]}
    kept = {"source", "seed", "model", "snapshot", "exposure"}
    return {
        name: Node(_label(entry), _kind(entry), entry.get("depends_on", {}).get("nodes", []))
        for name, entry in sorted(described.items())
        if entry["resource_type"] in kept
    }


def _label(entry: Mapping[str, Any]) -> str:
    return f"taxi.{entry['name']}" if entry["resource_type"] == "source" else str(entry["name"])


def _kind(entry: Mapping[str, Any]) -> str:
    if entry["resource_type"] != "model":
        return str(entry["resource_type"])
    return "marts" if entry["schema"] == "marts" else "staging"


def _columns(nodes: Mapping[str, Node]) -> list[list[str]]:
    """Place each box to the right of its parents; order a column by the positions of the parents."""
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            depths[name] = 1 + max(
                (depth(parent) for parent in nodes[name].parents if parent in nodes), default=-1
            )
        return depths[name]

    columns: list[list[str]] = [[] for _ in range(1 + max(map(depth, nodes)))]
    rows: dict[str, float] = {}
    for name in sorted(nodes, key=lambda name: (depths[name], name)):
        columns[depths[name]].append(name)
    for column in columns:
        column.sort(
            key=lambda name: _mean([rows[parent] for parent in nodes[name].parents if parent in rows])
        )
        rows.update({name: row / len(column) for row, name in enumerate(column)})
    return columns


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _positions(columns: Sequence[Sequence[str]]) -> dict[str, tuple[int, int]]:
    tallest = max(map(len, columns))
    positions = {}
    for number, column in enumerate(columns):
        top = MARGIN + (tallest - len(column)) * (BOX_HEIGHT + GAP_Y) // 2
        for row, name in enumerate(column):
            positions[name] = (MARGIN + number * (BOX_WIDTH + GAP_X), top + row * (BOX_HEIGHT + GAP_Y))
    return positions


def _box(node: Node, position: tuple[int, int]) -> str:
    x, y = position
    return (
        f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4" stroke="#555"'
        f' fill="{COLOURS[node.kind]}"/>'
        f'<text x="{x + BOX_WIDTH // 2}" y="{y + 18}" text-anchor="middle">{node.label}</text>'
    )


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + BOX_HEIGHT // 2
    bend = GAP_X // 2
    return (
        f'<path d="M {x1} {y1} C {x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"'
        ' fill="none" stroke="#999" stroke-width="1"/>'
    )


if __name__ == "__main__":
    main(sys.argv[1])
