"""Generate the trips of yellow and green taxis: meter readings, tips, refunds and voids."""

from functools import cache

import numpy as np

from producer.synthesis.draws import Columns, Flags, Integers, Wheel, flips, seconds_of
from producer.synthesis.month import Block
from producer.synthesis.profile import CBD_FEE_BEGAN, JFK, MeterProfile, Tariff, tariff_of
from producer.synthesis.rides import add_odd_times, add_wild_pickups, at_airport, quirks, rides

CBD_FEE = 75
PASSENGERS = Wheel.of(np.array([0.7, 75, 14, 3, 2, 3, 2.3]))
AMOUNTS = (
    "fare_amount",
    "extra",
    "mta_tax",
    "tip_amount",
    "tolls_amount",
    "improvement_surcharge",
    "congestion_surcharge",
    "airport_fee",
    "cbd_congestion_fee",
    "total_amount",
)


def meter_columns(block: Block, profile: MeterProfile) -> Columns:
    """Return the columns of a block of yellow or green trips."""
    columns = _metered_rides(block, profile)
    columns |= _amounts(block, profile, columns)
    _add_quirks(block, columns)
    add_wild_pickups(block, columns)
    _add_refunds(block, columns)
    if block.month.month.taxi_type == "yellow":
        columns["payment_type"][block.is_bare] = 0
    return columns


def _metered_rides(block: Block, profile: MeterProfile) -> Columns:
    random, columns = block.random, rides(block)
    rate_code = _rate_codes(block, profile, columns["PULocationID"])
    is_first_vendor = flips(random, profile.first_vendor, block.rows)
    is_stored = is_first_vendor & flips(random, profile.stored_by_first_vendor, block.rows)
    return columns | {
        "VendorID": 2 - is_first_vendor.astype(np.int64),
        "store_and_fwd_flag": is_stored.astype(np.int64),
        "RatecodeID": rate_code,
        "passenger_count": PASSENGERS.spin(random, block.rows),
        "trip_type": 1 + (rate_code == 5).astype(np.int64),
    }


def _rate_codes(block: Block, profile: MeterProfile, pickup_zone: Integers) -> Integers:
    drawn = block.random.random(block.rows, dtype=np.float32)
    codes = 1 + 4 * (drawn < profile.dispatched).astype(np.int64)
    codes[drawn > 0.9985] = 4
    if block.month.month.taxi_type == "yellow":
        codes[(pickup_zone == JFK) & (drawn > 0.45)] = 2
    return codes


def _amounts(block: Block, profile: MeterProfile, columns: Columns) -> Columns:
    tariff, random, rows = tariff_of(block.month.month), block.random, block.rows
    is_known = ~block.is_bare
    pays_toll = (columns["trip_distance"] > 700) & flips(random, profile.tolls_beyond_7_miles, rows)
    congestion = tariff.congestion * (flips(random, profile.congestion, rows) & is_known)
    amounts = {
        "fare_amount": _fares(block, tariff, columns),
        "extra": _extras(block, tariff) * is_known,
        "mta_tax": 50 * (is_known & (columns["RatecodeID"] != 5)),
        "tolls_amount": tariff.bridge_toll * pays_toll,
        "improvement_surcharge": np.full(rows, tariff.improvement),
        "congestion_surcharge": congestion,
        "airport_fee": tariff.airport * (at_airport(columns["PULocationID"]) & is_known),
        "cbd_congestion_fee": cbd_fees(block, CBD_FEE, columns["pickup"]),
    }
    paid = _payment_types(block, profile)
    charged = sum_of(amounts)
    amounts["tip_amount"] = _tips(block, charged, paid)
    amounts["total_amount"] = charged + amounts["tip_amount"]
    # The first vendor's meters report the congestion surcharge in `extra` too: parts exceed the total.
    amounts["extra"] = amounts["extra"] + congestion * (columns["VendorID"] == 1)
    return amounts | {"payment_type": paid}


def sum_of(amounts: Columns) -> Integers:
    """Add the amounts row by row."""
    parts = iter(amounts.values())
    total = next(parts).copy()
    for part in parts:
        total += part
    return total


def cbd_fees(block: Block, cents: int, pickup: Integers) -> Integers:
    """Return the fee of the congestion zone, which began within a month."""
    began = seconds_of(CBD_FEE_BEGAN)
    if seconds_of(block.month.month.next_first_day) <= began:
        return np.zeros(block.rows, np.int64)
    return cents * ((pickup >= began) & flips(block.random, block.month.profile.cbd, block.rows))


def _fares(block: Block, tariff: Tariff, columns: Columns) -> Integers:
    """Compute fares: the meter ticks five times a mile and, in slow traffic, with the minutes."""
    seconds = columns["dropoff"] - columns["pickup"]
    ticks = (columns["trip_distance"] / 20 + seconds * (0.45 / 60)).astype(np.int64)
    fares = tariff.flag_drop + tariff.meter_step * ticks
    fares[columns["RatecodeID"] == 2] = tariff.jfk_flat
    agreed = np.flatnonzero((columns["RatecodeID"] == 5) | block.is_bare)
    fares[agreed] += block.random.integers(0, 1200, len(agreed))
    return fares


def _extras(block: Block, tariff: Tariff) -> Integers:
    hour, is_workday = block.month.calendar.hour_of_day, block.month.calendar.is_workday
    is_rush = (hour >= 16) & (hour < 20) & is_workday
    is_night = (hour >= 20) | (hour < 6)
    extras: Integers = (tariff.night_extra * is_night + tariff.rush_extra * is_rush)[block.hours]
    return extras


def _payment_types(block: Block, profile: MeterProfile) -> Integers:
    return _payment_wheel(profile.pays_by_card).spin(block.random, block.rows) + 1


@cache
def _payment_wheel(by_card: float) -> Wheel:
    return Wheel.of(np.array([by_card, 1 - by_card - 0.007, 0.0055, 0.0015]))


def _tips(block: Block, charged: Integers, paid: Integers) -> Integers:
    """Compute tips: nine in ten passengers who pay by card tip, around a fifth."""
    share = block.random.standard_normal(block.rows, dtype=np.float32) * np.float32(0.05) + np.float32(0.2)
    tips: Integers = np.rint(charged * share.clip(0.01, 0.5)).astype(np.int64)
    tips *= (paid == 1) & flips(block.random, 0.92, block.rows)
    return tips


def _add_quirks(block: Block, columns: Columns) -> None:
    rates, random = block.month.profile.rates, block.random
    stopped, long, void, absurd = quirks(
        block,
        [rates.dropoff_not_after_pickup, rates.longer_than_23h, rates.zero_totals, rates.implausible_totals],
    )
    add_odd_times(block, columns, stopped, long)
    columns["VendorID"][long] = 2
    columns["store_and_fwd_flag"][long] = 0
    for name in AMOUNTS:
        columns[name][void] = 0
    surplus = random.integers(1_000_00, 5_000_00, len(absurd))
    columns["fare_amount"][absurd] += surplus
    columns["total_amount"][absurd] += surplus


def _add_refunds(block: Block, columns: Columns) -> None:
    """Insert refunds right before the ride that they reverse; a few have no such ride."""
    month, random = block.month, block.random
    rates = month.profile.rates
    share = rates.refunds * 2 * month.rows / max(month.complete_rows, 1)
    rows = np.flatnonzero(random.random(block.rows // 2) < share) * 2
    rows = rows[~block.is_bare[rows + 1] & (columns["total_amount"][rows + 1] > 0)]
    twins = rows + (random.random(len(rows)) < rates.refunds_with_twin)
    reason = np.where(random.random(len(rows)) < 0.75, 3, 4)
    for name, values in columns.items():
        values[rows] = -values[twins] if name in AMOUNTS else values[twins]
    columns["payment_type"][rows] = reason


def null_together(taxi_type: str) -> tuple[str, ...]:
    """Return the columns that are null in the bare rows at the end."""
    together = ("passenger_count", "RatecodeID", "store_and_fwd_flag", "congestion_surcharge")
    own = ("airport_fee",) if taxi_type == "yellow" else ("payment_type", "trip_type")
    return together + own


def bare_mask(block: Block, name: str) -> Flags | None:
    """Return which rows of the column are null."""
    is_affected = block.bare_rows and name in null_together(block.month.month.taxi_type)
    return block.is_bare if is_affected else None
