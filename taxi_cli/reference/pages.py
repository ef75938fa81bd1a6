"""Every generated page, by its path in the documentation."""

from collections.abc import Callable, Mapping

from taxi_cli.reference import commands, metrics, rules, settings, tables

PAGES: Mapping[str, Callable[[], str]] = {
    "reference/commands.md": commands.page,
    "reference/settings.md": settings.page,
    "reference/tables.md": tables.page,
    "reference/rules.md": rules.page,
    "reference/metrics.md": metrics.page,
}


def generated() -> Mapping[str, str]:
    """Write all pages."""
    return {path: page() for path, page in PAGES.items()}
