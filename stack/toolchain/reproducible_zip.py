"""Zips whose bytes depend on nothing but their content."""

import zipfile

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can hold: with the real one each build would be another file."""


def add_entry(
    archive: zipfile.ZipFile, name: str, content: bytes, compression: int = zipfile.ZIP_DEFLATED
) -> None:
    """Add a file that everybody may read, without the time and the rights that it has here."""
    entry = zipfile.ZipInfo(name, ZIP_EPOCH)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, compression)
