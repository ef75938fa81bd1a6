"""Longitude and latitude become taxi zones: one for each point, the same in every run."""

import shutil
import zipfile
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from producer.months import Naming
from producer.reading.preparation import fingerprint_of
from producer.reading.prepared import span_of
from producer.reading.zone_map import ZoneMap, load_zones
from producer.reading.zones import find_shapes
from producer.settings import ProducerSettings
from schemas.errors import UserError
from tests.oracle.real_months import shared_file
from tests.producer.months import prepared, rows

pytestmark = pytest.mark.unit

LANDMARKS = {
    "JFK, terminal 4": (-73.7822, 40.6440, 132),
    "LaGuardia": (-73.8726, 40.7745, 138),
    "Times Square": (-73.9855, 40.7580, 230),
    "Central Park": (-73.9680, 40.7810, 43),
    "Newark airport": (-74.1780, 40.6895, 1),
    "Philadelphia": (-75.1652, 39.9526, 265),
    "no fix": (0.0, 0.0, 264),
    "no longitude": (np.nan, 40.7580, 264),
    "no latitude": (-73.9855, np.nan, 264),
    "on the equator": (-73.9855, 0.0, 265),
    "nowhere on earth": (-740.0, np.inf, 265),
}


@pytest.fixture(scope="module")
def topojson() -> Path:
    return shared_file("zones/taxi_zones.topojson")


@pytest.fixture(scope="module")
def shapefile(topojson: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the TLC has it: a shapefile in feet (EPSG:2263), in a folder of a zip."""
    folder = tmp_path_factory.mktemp("shapes")
    in_feet = geopandas.read_file(topojson).set_crs("EPSG:4326").to_crs("EPSG:2263")
    (folder / "taxi_zones").mkdir()
    in_feet.drop(columns="id").to_file(folder / "taxi_zones" / "taxi_zones.shp")
    with zipfile.ZipFile(folder / "taxi_zones.zip", "w") as archive:
        for part in sorted((folder / "taxi_zones").iterdir()):
            archive.write(part, f"taxi_zones/{part.name}")
    return folder / "taxi_zones.zip"


def zone_at(zones: ZoneMap, longitude: float, latitude: float) -> int:
    return int(zones.zones_at(np.array([longitude]), np.array([latitude]))[0])


def squares(folder: Path, id_property: str = "LocationID", crs: str | None = "EPSG:4326") -> Path:
    """Zones 7 and 3, side by side: 7 from 0 to 1 degrees east, 3 from 1 to 2."""
    shapes = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    file = folder / "taxi_zones.geojson"
    geopandas.GeoDataFrame({id_property: [7, 3]}, geometry=shapes, crs=crs).to_file(file, driver="GeoJSON")
    return file


@pytest.mark.parametrize("landmark", LANDMARKS)
def test_well_known_places_are_in_their_zones(landmark: str, topojson: Path) -> None:
    longitude, latitude, zone_id = LANDMARKS[landmark]
    assert zone_at(load_zones(topojson), longitude, latitude) == zone_id


def test_a_shapefile_in_feet_gives_the_same_zones(topojson: Path, shapefile: Path) -> None:
    dice = np.random.default_rng(1)
    longitudes, latitudes = dice.uniform(-74.3, -73.6, 20_000), dice.uniform(40.4, 41.0, 20_000)
    by_degrees = load_zones(topojson).zones_at(longitudes, latitudes)
    by_feet = load_zones(shapefile).zones_at(longitudes, latitudes)
    # A line that is straight in feet is not quite so in degrees: points at a border may change sides.
    assert np.count_nonzero(by_degrees != by_feet) <= 2
    assert len(np.unique(by_degrees)) > 200


def test_a_point_on_a_border_is_in_the_zone_of_the_lower_number(tmp_path: Path) -> None:
    zones = load_zones(squares(tmp_path))
    assert [zone_at(zones, longitude, 0.5) for longitude in (0.5, 1.0, 1.5)] == [7, 3, 3]


def test_a_zone_of_several_shapes_is_one_zone(tmp_path: Path) -> None:
    file = tmp_path / "taxi_zones.geojson"
    shapes = [shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)]
    geopandas.GeoDataFrame({"LocationID": [103, 103]}, geometry=shapes, crs="EPSG:4326").to_file(file)
    zones = load_zones(file)
    assert [zone_at(zones, 0.5, 0.5), zone_at(zones, 5.5, 5.5), zone_at(zones, 3, 3)] == [103, 103, 265]


@pytest.mark.parametrize("id_property", ["LocationID", "location_id", "OBJECTID"])
def test_the_number_of_a_zone_has_several_names(id_property: str, tmp_path: Path) -> None:
    assert zone_at(load_zones(squares(tmp_path, id_property)), 0.5, 0.5) == 7


def test_shapes_without_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no zones with a property LocationID"):
        load_zones(squares(tmp_path, "zone_name"))


@pytest.mark.parametrize("name", ["taxi_zones.zip", "taxi_zones.geojson", "taxi_zones.topojson"])
def test_shapes_that_are_none_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("<html>not found</html>", "utf-8")
    with pytest.raises(UserError, match=rf"{name}: cannot read the file.*fetch --zones"):
        load_zones(tmp_path / name)


def test_shapes_are_looked_for_where_a_person_said_then_beside_the_months_then_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_cache, beside = tmp_path / "cache" / "zones", tmp_path / "data" / "zones"
    months = tmp_path / "data" / "months"
    for folder in (in_cache, beside, months):
        folder.mkdir(parents=True)
    monkeypatch.delenv("TAXI_ZONES_FILE", raising=False)
    settings = ProducerSettings(taxi_cache_dir=tmp_path / "cache", tlc_data_dir=months)
    assert find_shapes(settings) is None
    for landmark in (
        in_cache / "taxi_zones.topojson",
        in_cache / "taxi_zones.zip",
        beside / "taxi_zones.geojson",
        months / "taxi_zones.zip",
    ):
        landmark.touch()
        assert find_shapes(settings) == landmark
    chosen = tmp_path / "mine.geojson"
    with pytest.raises(UserError, match=r"TAXI_ZONES_FILE=.*mine\.geojson: no such file"):
        find_shapes(settings.model_copy(update={"taxi_zones_file": chosen}))
    chosen.touch()
    assert find_shapes(settings.model_copy(update={"taxi_zones_file": chosen})) == chosen


def test_the_real_sample_of_2009_has_zones(topojson: Path, tmp_path: Path) -> None:
    source = prepared(shared_file("samples/yellow_tripdata_2009-01.head.csv"), tmp_path, topojson)
    assert (span_of(source.path).trips, span_of(source.path).valid_trips) == (1_000, 969)
    # Its first row begins at (-73.991957, 40.721567): the Lower East Side, in cash.
    wanted = "strftime(pickup_at, '%d %H:%M'), total_amount_cents, pickup_zone_id, payment_type"
    assert ("04 02:52", 940, 148, 2) in rows(source, wanted)


def test_the_zones_of_a_month_are_those_that_shapely_finds_one_by_one(topojson: Path, tmp_path: Path) -> None:
    file = shared_file("samples/yellow_tripdata_2009-01.head.csv")
    source = prepared(file, tmp_path, topojson)
    shapes = geopandas.read_file(topojson)
    points = geopandas.read_file(file)
    expected: dict[str, set[int]] = {}
    for row in points.itertuples():
        point = shapely.Point(float(row.Start_Lon), float(row.Start_Lat))
        inside = [int(zone) for zone in shapes.LocationID[shapes.contains(point)]]
        no_zone = 264 if point == shapely.Point(0, 0) else 265
        expected.setdefault(row.Trip_Pickup_DateTime, set()).add(min(inside, default=no_zone))
    found: dict[str, set[int]] = {}
    for pickup, zone in rows(source, "cast(pickup_at as varchar), pickup_zone_id"):
        found.setdefault(pickup, set()).add(zone)
    assert found == expected


def test_other_shapes_make_another_prepared_month(topojson: Path, tmp_path: Path) -> None:
    (month,) = Naming().month_files([shared_file("samples/yellow_tripdata_2009-01.head.csv")])
    other = tmp_path / "taxi_zones.topojson"
    shutil.copyfile(topojson, other)
    assert fingerprint_of(month, other) == fingerprint_of(month, topojson)
    other.write_text(other.read_text("utf-8") + "\n", "utf-8")
    assert fingerprint_of(month, other) != fingerprint_of(month, topojson)


def test_without_shapes_the_month_is_refused_with_the_remedy(tmp_path: Path) -> None:
    file = shared_file("samples/yellow_tripdata_2009-01.head.csv")
    with pytest.raises(
        UserError, match=r"coordinates instead of taxi zones.*fetch --zones.*taxi_zones\.zip.*zones"
    ):
        prepared(file, tmp_path)
