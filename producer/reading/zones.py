"""Find the taxi zone of a point, for the months in which the TLC published longitude and latitude."""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import duckdb

from producer.reading.queries import duckdb_path, query
from producer.settings import ProducerSettings, zones_dir
from schemas.errors import UserError

SHAPE_FILES = ("taxi_zones.zip", "taxi_zones.geojson", "taxi_zones.topojson")


def find_shapes(settings: ProducerSettings) -> Path | None:
    """Return the file with the zone shapes, if any; raises UserError if the configured file is missing."""
    if settings.taxi_zones_file:
        if settings.taxi_zones_file.is_file():
            return settings.taxi_zones_file
        raise UserError(f"TAXI_ZONES_FILE={settings.taxi_zones_file}: no such file")
    candidates = (folder / name for folder in _folders(settings) for name in SHAPE_FILES)
    return next((path for path in candidates if path.is_file()), None)


def digest_of(file: Path) -> str:
    """Return a value that changes with the content of the shapes."""
    return blake2b(file.read_bytes(), digest_size=16).hexdigest()


def zone_counts(prepared: Path, zone_column: str) -> dict[int, int]:
    """Count the trips of a prepared month by zone."""
    with duckdb.connect() as connection:
        counts = query("zone_counts", zone=zone_column)
        return dict(connection.execute(counts, {"path": duckdb_path(prepared)}).fetchall())


def _folders(settings: ProducerSettings) -> Iterator[Path]:
    if settings.tlc_data_dir:
        yield settings.tlc_data_dir
        yield settings.tlc_data_dir.resolve().parent / "zones"
    yield zones_dir(settings.taxi_cache_dir)
