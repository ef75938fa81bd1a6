"""Describe the TLC's taxi zone files: the lookup of names, and the shapes."""

import csv
import zipfile
import zlib
from pathlib import Path

from producer.fetching.download import DownloadSite, RemoteFile
from producer.settings import ProducerSettings, zones_dir
from schemas.rules import FIRST_ZONE_ID, LAST_ZONE_ID


def remote_zone_files(settings: ProducerSettings) -> list[RemoteFile]:
    """Return the zone files at the TLC."""
    site, folder = DownloadSite(settings.tlc_zones_url), zones_dir(settings.taxi_cache_dir)
    return [
        RemoteFile(site, name, name, damage, f"Try again later, or copy {name} to {folder}")
        for name, damage in (("taxi_zone_lookup.csv", lookup_damage), ("taxi_zones.zip", shapes_damage))
    ]


def lookup_damage(file: Path) -> str | None:
    """Return what is wrong with a lookup, if anything: it has one row for each of the zones 1 to 265."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            zones = [row.get("LocationID") for row in csv.DictReader(lines)]
    except (UnicodeDecodeError, csv.Error):
        return "it is not a CSV file"
    if sorted(zones, key=str) != sorted(map(str, range(FIRST_ZONE_ID, LAST_ZONE_ID + 1))):
        return f"it is not a lookup of the {LAST_ZONE_ID} zones; it has {len(zones)} rows"
    return None


def shapes_damage(file: Path) -> str | None:
    """Return what is wrong with zipped shapes, if anything: all entries are readable, one is a .shp file."""
    try:
        with zipfile.ZipFile(file) as archive:
            broken, names = archive.testzip(), archive.namelist()
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError):
        return "it is not a ZIP file, or it is truncated"
    if broken:
        return f"its entry {broken} is damaged"
    if not any(name.lower().endswith(".shp") for name in names):
        return "it contains no .shp file"
    return None
