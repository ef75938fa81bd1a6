"""Find the taxi zone of a point, for the months in which the TLC published longitude and latitude."""

from hashlib import blake2b
from pathlib import Path

import duckdb

from producer.reading.queries import duckdb_path, query
from producer.settings import ProducerSettings
from schemas import zone_shapes


def find_shapes(settings: ProducerSettings) -> Path | None:
    """Return the file with the zone shapes, if any; raises UserError if the configured file is missing."""
    return zone_shapes.find_shapes(settings.taxi_zones_file, settings.tlc_data_dir, settings.taxi_cache_dir)


def digest_of(file: Path) -> str:
    """Return a value that changes with the content of the shapes."""
    return blake2b(file.read_bytes(), digest_size=16).hexdigest()


def zone_counts(prepared: Path, zone_column: str) -> dict[int, int]:
    """Count the trips of a prepared month by zone."""
    with duckdb.connect() as connection:
        counts = query("zone_counts", zone=zone_column)
        return dict(connection.execute(counts, {"path": duckdb_path(prepared)}).fetchall())
