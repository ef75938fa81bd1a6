"""Generate the trips that apps arrange: request, wait and ride; fare, taxes and driver pay."""

import numpy as np

from producer.synthesis.draws import Columns, Factors, Flags, Floats, Integers, flips, scattered
from producer.synthesis.meter import cbd_fees
from producer.synthesis.month import Block
from producer.synthesis.profile import NEWARK, AppProfile, AppTariff, app_tariff_of
from producer.synthesis.rides import add_odd_times, add_wild_pickups, at_airport, quirks, rides
from producer.synthesis.schema import APP_MONEY

CBD_FEE = 150
WAIT_SECONDS = 250
CURB_SECONDS = 55


def app_columns(block: Block, profile: AppProfile) -> Columns:
    """Return the columns of a block of app rides; the two apps are 0 and 1."""
    columns = rides(block)
    columns["app"] = (~flips(block.random, profile.first_app, block.rows)).astype(np.int64)
    columns |= _flags(block, profile)
    columns |= _amounts(block, profile, columns)
    _add_quirks(block, columns)
    add_wild_pickups(block, columns)
    columns |= _waits(block, columns)
    columns["trip_time"] = columns["dropoff"] - columns["pickup"]
    columns["trip_miles"] = columns.pop("trip_distance")
    return columns


def _flags(block: Block, profile: AppProfile) -> Columns:
    shares = {
        "shared_request": profile.shared_request,
        "wav_request": profile.wav_request,
        "wav_match": profile.wav_match,
    }
    flags = {name: flips(block.random, share, block.rows) for name, share in shares.items()}
    matched = profile.shared_match / profile.shared_request
    flags["shared_match"] = flags["shared_request"] & flips(block.random, matched, block.rows)
    # A request for a wheelchair-accessible vehicle is given to a car that is one.
    flags["wav_match"] |= flags["wav_request"]
    return {f"{name}_flag": values.astype(np.int64) for name, values in flags.items()}


def _amounts(block: Block, profile: AppProfile, columns: Columns) -> Columns:
    tariff, random, rows = app_tariff_of(block.month.month), block.random, block.rows
    is_shared = columns["shared_match_flag"] == 1
    pays_toll = (columns["trip_distance"] > 700) & flips(random, profile.tolls_beyond_7_miles, rows)
    fare = _fares(block, tariff, columns)
    surcharge = np.where(is_shared, tariff.congestion_shared, tariff.congestion)
    return {
        "base_passenger_fare": fare,
        "tolls": tariff.bridge_toll * pays_toll.astype(np.int64),
        "bcf": _part(fare, tariff.black_car_fund),
        "sales_tax": _part(fare, tariff.sales_tax),
        "congestion_surcharge": surcharge * flips(random, profile.congestion, rows).astype(np.int64),
        "airport_fee": tariff.airport * _touches_airport(columns).astype(np.int64),
        "tips": _tips(block, profile, fare),
        "driver_pay": _part(fare, tariff.driver_pay * scattered(random, 0.12, rows)),
        "cbd_congestion_fee": cbd_fees(block, CBD_FEE, columns["pickup"]),
    }


def _fares(block: Block, tariff: AppTariff, columns: Columns) -> Integers:
    """Compute fares by the mile and the minute, times the demand factor, with a minimum fare."""
    seconds = columns["dropoff"] - columns["pickup"]
    fares = tariff.base + columns["trip_distance"] * (tariff.mile / 100) + seconds * (tariff.minute / 60)
    fares *= scattered(block.random, 0.25, block.rows)
    return _part(np.maximum(fares, tariff.least), 1)


def _part(amounts: Integers | Floats, part: float | Factors) -> Integers:
    cents: Integers = np.rint(amounts * part).astype(np.int64)
    return cents


def _touches_airport(columns: Columns) -> Flags:
    pickup_zone, dropoff_zone = columns["PULocationID"], columns["DOLocationID"]
    touches: Flags = at_airport(pickup_zone) | at_airport(dropoff_zone) | (dropoff_zone == NEWARK)
    return touches


def _tips(block: Block, profile: AppProfile, fare: Integers) -> Integers:
    """Compute tips: one in five rides, usually a fifth of the fare."""
    rows = np.flatnonzero(flips(block.random, profile.tips, block.rows))
    tips = np.zeros(block.rows, np.int64)
    tips[rows] = _part(fare[rows], 0.18 * scattered(block.random, 0.4, len(rows)))
    return tips


def _waits(block: Block, columns: Columns) -> Columns:
    """Compute request, arrival and departure; the second app does not report the arrival."""
    at_the_curb = (CURB_SECONDS * scattered(block.random, 0.8, block.rows)).astype(np.int64)
    on_the_way = (WAIT_SECONDS * scattered(block.random, 0.6, block.rows)).astype(np.int64)
    on_scene = columns["pickup"] - at_the_curb
    return {"on_scene": on_scene, "request": on_scene - on_the_way}


def _add_quirks(block: Block, columns: Columns) -> None:
    rates = block.month.profile.rates
    stopped, long, void, absurd, negative = quirks(
        block,
        [
            rates.dropoff_not_after_pickup,
            rates.longer_than_23h,
            rates.zero_totals,
            rates.implausible_totals,
            rates.negative_fares,
        ],
    )
    add_odd_times(block, columns, stopped, long)
    for name in (*APP_MONEY, "cbd_congestion_fee"):
        columns[name][void] = 0
    columns["base_passenger_fare"][absurd] += block.random.integers(1_000_00, 5_000_00, len(absurd))
    columns["base_passenger_fare"][negative] *= -1
