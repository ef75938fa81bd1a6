"""Place the rides of a block in space and time, for all taxi types."""

import numpy as np

from producer.synthesis.draws import Columns, Factors, Flags, Integers, flips, scattered
from producer.synthesis.month import DAY, HOUR, Block
from producer.synthesis.profile import JFK, LAGUARDIA

LONGEST_MILES = 180
MINUTES_OF_A_MILE = 7.4


def rides(block: Block) -> Columns:
    """Return pickup and drop-off, in place and time, and the distance."""
    random, month = block.random, block.month
    pickup_zone = month.pickup_zones.spin(random, block.rows) + 1
    miles = _miles(block, pickup_zone)
    pickup = month.calendar.begins[block.hours] + random.integers(0, HOUR, block.rows, dtype=np.uint32)
    return {
        "pickup": pickup,
        "dropoff": pickup + _ride_seconds(block, miles),
        "PULocationID": pickup_zone,
        "DOLocationID": _dropoff_zones(block, pickup_zone),
        "trip_distance": np.rint(miles * 100).astype(np.int64),
    }


def at_airport(zones: Integers) -> Flags:
    """Return which zones are one of the city's two airports."""
    flags: Flags = (zones == JFK) | (zones == LAGUARDIA)
    return flags


def add_odd_times(block: Block, columns: Columns, stopped: Integers, long: Integers) -> None:
    """Add rides that end at or before their start, and rides of almost a day."""
    random = block.random
    backwards = random.integers(1, HOUR, len(stopped)) * (random.random(len(stopped)) < 0.04)
    columns["dropoff"][stopped] = columns["pickup"][stopped] - backwards
    columns["dropoff"][long] = columns["pickup"][long] + random.integers(23 * HOUR + 1, DAY, len(long))


def add_wild_pickups(block: Block, columns: Columns) -> None:
    """Move a few rides out of the month."""
    rows, seconds = block.wild_pickups
    columns["dropoff"][rows] += seconds - columns["pickup"][rows]
    columns["pickup"][rows] = seconds


def quirks(block: Block, rates: list[float]) -> list[Integers]:
    """Return the rows of each quirk; no row has two."""
    drawn = block.random.random(block.rows)
    odd = np.flatnonzero(drawn < sum(rates))
    kind = np.searchsorted(np.cumsum(rates), drawn[odd], side="right")
    return [odd[kind == number] for number in range(len(rates))]


def _miles(block: Block, pickup_zone: Integers) -> Factors:
    profile, random = block.month.profile, block.random
    miles = scattered(random, profile.miles_sigma, block.rows)
    miles *= np.float32(profile.median_miles)
    if profile.has_long_airport_rides:
        # From the airports a ride is long: to Manhattan it is 17 miles and 9 miles.
        rows = np.flatnonzero(at_airport(pickup_zone))
        miles[rows] = np.where(pickup_zone[rows] == JFK, 16.5, 9.3) * scattered(random, 0.3, len(rows))
    miles[flips(random, profile.zero_miles, block.rows)] = 0.0
    return np.minimum(miles, LONGEST_MILES, out=miles)


def _ride_seconds(block: Block, miles: Factors) -> Integers:
    """Return the duration: long rides are faster per mile, and the night is faster than the day."""
    hour_of_day = block.month.calendar.hour_of_day
    traffic = np.where((hour_of_day >= 7) & (hour_of_day < 20), 1.06, 0.84).astype(np.float32)
    root = np.sqrt(np.maximum(miles, 0.5))
    seconds = root * np.sqrt(root) * traffic[block.hours]
    seconds *= scattered(block.random, 0.3, block.rows) * np.float32(60 * MINUTES_OF_A_MILE)
    whole_seconds: Integers = np.clip(seconds, 5, 5 * HOUR).astype(np.int64)
    return whole_seconds


def _dropoff_zones(block: Block, pickup_zone: Integers) -> Integers:
    zones = block.month.dropoff_zones.spin(block.random, block.rows) + 1
    stays = flips(block.random, block.month.profile.same_zone, block.rows)
    zones[stays] = pickup_zone[stays]
    return zones
