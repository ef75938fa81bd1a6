"""Spark's workers put a point into the same zone as the producer."""

import numpy as np
import pandas as pd
import pytest

from batch_backfill.trips.zone_shapes import zones_at
from producer.reading.zone_map import load_zones
from schemas.errors import UserError
from schemas.zone_shapes import read_shapes
from tests.oracle.real_months import shared_file

pytestmark = pytest.mark.unit


def test_points_all_over_the_city_lie_in_the_zones_of_the_producer() -> None:
    file = shared_file("zones/taxi_zones.topojson")
    random = np.random.default_rng(1)
    longitudes, latitudes = random.uniform(-74.3, -73.7, 20_000), random.uniform(40.5, 40.95, 20_000)
    longitudes[:3], latitudes[:3] = [0, np.nan, -73.9], [0, 40.7, np.nan]
    found = zones_at(read_shapes(file.read_text(), "here"), pd.Series(longitudes), pd.Series(latitudes))
    expected = load_zones(file).zones_at(longitudes, latitudes)
    assert len(set(expected)) > 200
    np.testing.assert_array_equal(found.to_numpy(), expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zip", "cannot read the file"),
        ('{"type": "FeatureCollection", "features": []}', "has no zones"),
        ('{"type": "FeatureCollection"}', "cannot read the file: 'features'"),
    ],
)
def test_what_has_no_shapes_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UserError, match=f"here: {message}"):
        read_shapes(text, "here")
