"""Write the generated pages into a folder: python -m taxi_cli.reference FOLDER."""

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from taxi_cli.reference import commands, metrics, rules, settings, tables

PAGES: Mapping[str, Callable[[], str]] = {
    "reference/commands.md": commands.page,
    "reference/settings.md": settings.page,
    "reference/tables.md": tables.page,
    "reference/rules.md": rules.page,
    "reference/metrics.md": metrics.page,
}


def write_pages(folder: Path) -> None:
    """Write every page, and remove those of earlier builds."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, page in PAGES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(), "utf-8")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
