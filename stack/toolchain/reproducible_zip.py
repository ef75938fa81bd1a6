"""Zips whose bytes depend only on their content."""

import zipfile

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can hold: with the real time each build would be a different file."""


def add_entry(
    archive: zipfile.ZipFile, name: str, content: bytes, compression: int = zipfile.ZIP_DEFLATED
) -> None:
    """Add a file that every user may read, without its local time and mode."""
    entry = zipfile.ZipInfo(name, ZIP_EPOCH)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, compression)
