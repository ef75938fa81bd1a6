"""A synthetic TLC month, block by block: each block depends on the seed and its number only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from producer.synthetic_profile import (
    CBD_FEE_BEGAN,
    JFK,
    LAGUARDIA,
    PROFILES,
    Profile,
    QuirkRates,
    Tariff,
    tariff_of,
)
from producer.synthetic_schema import schema_of
from producer.tlc_month import TlcMonth

BLOCK_ROWS = 1 << 18
LAST_CITY_ZONE = 263
SMALLEST_WILD_MONTH = 1000
"""Fewer rows than this carry no wild dates: a handful of rows is asked for to be looked at."""

DAY = 86_400
HOUR = 3_600
WILD_PICKUPS = tuple(
    datetime.fromisoformat(moment)
    for moment in ("2009-01-01 00:10:19", "2041-08-17 16:24:38", "2008-12-31 23:02:05")
)
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

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Columns = dict[str, Integers]
"""Whole numbers by column: money in cents, miles in hundredths, clocks in seconds since 1970."""


@dataclass(frozen=True)
class SyntheticMonth:
    """What to make: equal values make equal rows, whatever the number of threads."""

    month: TlcMonth
    rows: int
    seed: int
    hot_zones: Mapping[int, float] = field(default_factory=dict)
    rates: QuirkRates = field(default_factory=QuirkRates)

    @property
    def blocks(self) -> int:
        """How many blocks the month has."""
        return -(-self.rows // BLOCK_ROWS)

    @property
    def profile(self) -> Profile:
        """The figures of the taxi type."""
        return PROFILES[self.month.taxi_type]

    @property
    def complete_rows(self) -> int:
        """Rows before the block at the end in which several columns are null together."""
        return self.rows - round(self.rows * self.profile.null_block(self.month.first_day))

    @cached_property
    def calendar(self) -> "Calendar":
        """The hours of the month and their shares of the pickups."""
        return Calendar.of(self.month, self.profile)

    @cached_property
    def pickup_shares(self) -> Floats:
        """Cumulated shares of the zones 1 to 265."""
        return _cumulated(self._zone_weights(self.rates.unknown_pickup_zone, self.hot_zones))

    @cached_property
    def dropoff_shares(self) -> Floats:
        """Drop-offs are spread wider than pickups."""
        flat = self._zone_weights(0.0, {}) ** 0.6
        flat[-2:] = flat.sum() * self.rates.unknown_dropoff_zone * np.array([0.5, 0.5])
        return _cumulated(flat)

    @cached_property
    def wild_pickups(self) -> tuple[Integers, Integers]:
        """Rows whose pickup is not in the month, and their seconds; a few a month, as in the real ones."""
        if self.rows < SMALLEST_WILD_MONTH:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        random = self.random(block=-1)
        wild = max(5, round(self.rows * self.rates.wild_dates))
        near = max(4, round(self.rows * self.rates.just_outside_month))
        positions = random.choice(self.rows, wild + near, replace=False).astype(np.int64)
        return positions, np.concatenate([self._far_seconds(random, wild), self._near_seconds(random, near)])

    def random(self, block: int) -> np.random.Generator:
        """The random numbers of one block."""
        kind = sorted(PROFILES).index(self.month.taxi_type)
        return np.random.default_rng([self.seed, kind, self.month.first_day.toordinal(), block + 1])

    def _zone_weights(self, unknown: float, hot_zones: Mapping[int, float]) -> Floats:
        weights = np.zeros(265)
        weights[:LAST_CITY_ZONE] = self.profile.other_zones_weight / LAST_CITY_ZONE
        for zone, weight in self.profile.zone_weights.items():
            weights[zone - 1] += weight
        weights *= (1 - unknown) / weights.sum()
        weights[-2:] = unknown * 0.6, unknown * 0.4
        hot = [zone - 1 for zone in hot_zones]
        weights[hot] = 0.0
        weights *= (1 - sum(hot_zones.values())) / weights.sum()
        weights[hot] = list(hot_zones.values())
        return weights

    def _far_seconds(self, random: np.random.Generator, count: int) -> Integers:
        first = _seconds(self.month.first_day)
        weeks_off = first + random.choice([-1, 2], count) * random.integers(17 * DAY, 25 * DAY, count)
        wild = np.resize(np.array([_seconds(pickup) for pickup in WILD_PICKUPS]), count)
        wild += random.integers(0, HOUR, count) * (np.arange(count) >= len(WILD_PICKUPS))
        return np.where(np.arange(count) % 5 < len(WILD_PICKUPS), wild, weeks_off)

    def _near_seconds(self, random: np.random.Generator, count: int) -> Integers:
        before = _seconds(self.month.first_day) - random.integers(1, HOUR, count)
        after = _seconds(self.month.next_first_day) + random.integers(0, HOUR // 4, count)
        return np.where(np.arange(count) % 4 == 0, after, before)


@dataclass(frozen=True)
class Calendar:
    """The hours of a month: where each begins, its hour of the day, and whether it is a working day."""

    begins: Integers
    hour_of_day: Integers
    is_workday: Flags
    cumulated: Floats

    @classmethod
    def of(cls, month: TlcMonth, profile: Profile) -> "Calendar":
        """Share of an hour = its hour of the day x its weekday; nights before a free day are livelier."""
        first = _seconds(month.first_day)
        begins = np.arange(first, _seconds(month.next_first_day), HOUR)
        hour = (begins - first) // HOUR % 24
        weekday = (month.first_day.weekday() + (begins - first) // DAY) % 7
        weights = np.array(profile.hours)[hour] * np.array(profile.weekdays)[weekday]
        weights *= np.where((hour < 5) & (weekday >= 5), 2.0, 1.0)
        return cls(begins, hour, weekday < 5, _cumulated(weights))

    def hours_of(self, positions: Integers, rows: int) -> Integers:
        """The hour of each row, when `rows` rows are laid out hour after hour."""
        return np.searchsorted(self.cumulated, (positions + 0.5) / max(rows, 1)).astype(np.int64)


def block_table(month: SyntheticMonth, block: int) -> pa.Table:
    """The rows of one block, as the TLC would publish them."""
    positions = np.arange(block * BLOCK_ROWS, min((block + 1) * BLOCK_ROWS, month.rows))
    random = month.random(block)
    is_bare = positions >= month.complete_rows
    hours = _hours(month, positions)
    columns = _rides(month, random, hours)
    columns |= _amounts(month, random, hours, columns, is_bare)
    _add_quirks(month, random, columns)
    _add_wild_pickups(month, positions, columns)
    _add_refunds(month, random, columns, is_bare)
    return _as_table(month.month, columns, is_bare)


def _hours(month: SyntheticMonth, positions: Integers) -> Integers:
    """Rows are laid out hour by hour; the block of bare rows at the end goes through the month once more."""
    complete = month.complete_rows
    main = month.calendar.hours_of(positions, complete)
    bare = month.calendar.hours_of(positions - complete, month.rows - complete)
    last = len(month.calendar.begins) - 1
    return np.minimum(np.where(positions < complete, main, bare), last)


def _rides(month: SyntheticMonth, random: np.random.Generator, hours: Integers) -> Columns:
    profile, count = month.profile, len(hours)
    pickup_zone = _drawn(random, month.pickup_shares, count) + 1
    miles = _miles(profile, random, pickup_zone)
    pickup = month.calendar.begins[hours] + random.integers(0, HOUR, count)
    rate_code = _rate_codes(month, random, pickup_zone)
    return {
        "VendorID": np.where(random.random(count) < profile.first_vendor, 1, 2),
        "pickup": pickup,
        "dropoff": pickup + _ride_seconds(random, miles, month.calendar.hour_of_day[hours]),
        "store_and_fwd_flag": (random.random(count) < 0.003).astype(np.int64),
        "RatecodeID": rate_code,
        "PULocationID": pickup_zone,
        "DOLocationID": _dropoff_zones(month, random, pickup_zone),
        "passenger_count": _drawn(random, _cumulated(np.array([0.7, 75, 14, 3, 2, 3, 2.3])), count),
        "trip_distance": np.round(miles * 100).astype(np.int64),
        "trip_type": np.where(rate_code == 5, 2, 1),
    }


def _miles(profile: Profile, random: np.random.Generator, pickup_zone: Integers) -> Floats:
    count = len(pickup_zone)
    miles = profile.median_miles * np.exp(profile.miles_sigma * random.standard_normal(count))
    if profile is PROFILES["yellow"]:
        # From the airports a ride is long: to Manhattan it is 9 miles and 17 miles.
        long = np.where(pickup_zone == JFK, 16.5, 9.3) * np.exp(0.3 * random.standard_normal(count))
        miles = np.where((pickup_zone == JFK) | (pickup_zone == LAGUARDIA), long, miles)
    miles[random.random(count) < profile.zero_miles] = 0.0
    plausible: Floats = np.minimum(miles, 180.0)
    return plausible


def _ride_seconds(random: np.random.Generator, miles: Floats, hour_of_day: Integers) -> Integers:
    """Long rides are faster by the mile, and the night is faster than the day."""
    traffic = np.where((hour_of_day >= 7) & (hour_of_day < 20), 1.06, 0.84)
    minutes = (
        7.4 * np.maximum(miles, 0.5) ** 0.75 * traffic * np.exp(0.3 * random.standard_normal(len(miles)))
    )
    seconds: Integers = np.clip(minutes * 60, 5, 5 * HOUR).astype(np.int64)
    return seconds


def _rate_codes(month: SyntheticMonth, random: np.random.Generator, pickup_zone: Integers) -> Integers:
    drawn = random.random(len(pickup_zone))
    codes = np.where(drawn < month.profile.dispatched, 5, 1)
    codes[drawn > 0.9985] = 4
    if month.month.taxi_type == "yellow":
        codes[(pickup_zone == JFK) & (drawn > 0.45)] = 2
    return codes


def _dropoff_zones(month: SyntheticMonth, random: np.random.Generator, pickup_zone: Integers) -> Integers:
    zones = _drawn(random, month.dropoff_shares, len(pickup_zone)) + 1
    return np.where(random.random(len(zones)) < month.profile.same_zone, pickup_zone, zones)


def _amounts(
    month: SyntheticMonth, random: np.random.Generator, hours: Integers, rides: Columns, is_bare: Flags
) -> Columns:
    profile, tariff, count = month.profile, tariff_of(month.month), len(hours)
    at_airport = (rides["PULocationID"] == JFK) | (rides["PULocationID"] == LAGUARDIA)
    congestion = tariff.congestion * (random.random(count) < profile.congestion) * ~is_bare
    is_far = rides["trip_distance"] > 700
    amounts = {
        "fare_amount": _fares(tariff, random, rides, is_bare),
        "extra": _extras(tariff, month.calendar, hours) * ~is_bare,
        "mta_tax": np.where(is_bare | (rides["RatecodeID"] == 5), 0, 50),
        "tolls_amount": tariff.bridge_toll * (is_far & (random.random(count) < profile.tolls_beyond_7_miles)),
        "improvement_surcharge": np.full(count, tariff.improvement),
        "congestion_surcharge": congestion,
        "airport_fee": tariff.airport * (at_airport & ~is_bare),
        "cbd_congestion_fee": _cbd_fees(profile, random, rides["pickup"]),
    }
    paid = _payment_types(profile, random, count)
    amounts["tip_amount"] = _tips(random, _sum(amounts), paid)
    amounts["total_amount"] = _sum(amounts)
    # The first vendor's meters report the congestion surcharge in `extra` too: parts exceed the total.
    amounts["extra"] = amounts["extra"] + congestion * (rides["VendorID"] == 1)
    return amounts | {"payment_type": paid}


def _sum(amounts: Columns) -> Integers:
    total: Integers = np.sum(list(amounts.values()), axis=0, dtype=np.int64)
    return total


def _fares(tariff: Tariff, random: np.random.Generator, rides: Columns, is_bare: Flags) -> Integers:
    """The meter ticks five times a mile and, in slow traffic, with the minutes."""
    minutes = (rides["dropoff"] - rides["pickup"]) / 60
    ticks = (rides["trip_distance"] / 20 + minutes * 0.45).astype(np.int64)
    fares = tariff.flag_drop + tariff.meter_step * ticks
    fares = np.where(rides["RatecodeID"] == 2, tariff.jfk_flat, fares)
    agreed = (rides["RatecodeID"] == 5) | is_bare
    return np.where(agreed, fares + random.integers(0, 1200, len(fares)), fares)


def _extras(tariff: Tariff, calendar: Calendar, hours: Integers) -> Integers:
    hour = calendar.hour_of_day[hours]
    is_rush = (hour >= 16) & (hour < 20) & calendar.is_workday[hours]
    is_night = (hour >= 20) | (hour < 6)
    return tariff.night_extra * is_night + tariff.rush_extra * is_rush


def _cbd_fees(profile: Profile, random: np.random.Generator, pickup: Integers) -> Integers:
    return 75 * ((pickup >= _seconds(CBD_FEE_BEGAN)) & (random.random(len(pickup)) < profile.cbd))


def _payment_types(profile: Profile, random: np.random.Generator, count: int) -> Integers:
    shares = np.array([profile.pays_by_card, 1 - profile.pays_by_card - 0.007, 0.0055, 0.0015])
    return _drawn(random, _cumulated(shares), count) + 1


def _tips(random: np.random.Generator, charged: Integers, paid: Integers) -> Integers:
    """Nine in ten who pay by card tip, around a fifth."""
    tips = np.rint(charged * random.normal(0.2, 0.05, len(paid)).clip(0.01, 0.5)).astype(np.int64)
    return np.where((paid == 1) & (random.random(len(paid)) < 0.92), tips, 0)


def _add_quirks(month: SyntheticMonth, random: np.random.Generator, columns: Columns) -> None:
    """Each row has at most one of these."""
    rates, count = month.rates, len(columns["pickup"])
    limits = np.cumsum(
        [rates.dropoff_not_after_pickup, rates.longer_than_23h, rates.zero_totals, rates.implausible_totals]
    )
    quirk = np.searchsorted(limits, random.random(count), side="right")
    stopped, long, void, absurd = (np.flatnonzero(quirk == number) for number in range(4))
    backwards = random.integers(1, HOUR, len(stopped)) * (random.random(len(stopped)) < 0.04)
    columns["dropoff"][stopped] = columns["pickup"][stopped] - backwards
    columns["dropoff"][long] = columns["pickup"][long] + random.integers(23 * HOUR + 1, DAY, len(long))
    columns["VendorID"][long] = 2
    for name in AMOUNTS:
        columns[name][void] = 0
    surplus = random.integers(1_000_00, 5_000_00, len(absurd))
    columns["fare_amount"][absurd] += surplus
    columns["total_amount"][absurd] += surplus


def _add_wild_pickups(month: SyntheticMonth, positions: Integers, columns: Columns) -> None:
    wild_positions, seconds = month.wild_pickups
    here = np.isin(wild_positions, positions)
    rows = wild_positions[here] - (positions[0] if len(positions) else 0)
    ride_seconds = columns["dropoff"][rows] - columns["pickup"][rows]
    columns["pickup"][rows] = seconds[here]
    columns["dropoff"][rows] = seconds[here] + ride_seconds


def _add_refunds(
    month: SyntheticMonth, random: np.random.Generator, columns: Columns, is_bare: Flags
) -> None:
    """A refund stands right before the ride that it takes back; a few have lost theirs."""
    pairs = len(is_bare) // 2
    share = month.rates.refunds * 2 * month.rows / max(month.complete_rows, 1)
    rows = np.flatnonzero(random.random(pairs) < share) * 2
    rows = rows[~is_bare[rows + 1] & (columns["total_amount"][rows + 1] > 0)]
    twins = rows + (random.random(len(rows)) < month.rates.refunds_with_twin)
    reason = np.where(random.random(len(rows)) < 0.75, 3, 4)
    for name, values in columns.items():
        values[rows] = -values[twins] if name in AMOUNTS else values[twins]
    columns["payment_type"][rows] = reason


def _as_table(month: TlcMonth, columns: Columns, is_bare: Flags) -> pa.Table:
    prefix, bare_columns = _vintage(month.taxi_type)
    if month.taxi_type == "yellow":
        columns["payment_type"][is_bare] = 0
    columns |= {f"{prefix}_{clock}_datetime": columns[clock] for clock in ("pickup", "dropoff")}
    schema = schema_of(month)
    arrays = []
    for column in schema:
        name = "airport_fee" if column.name == "Airport_fee" else column.name
        mask = is_bare if name in bare_columns else None
        arrays.append(_array(column, columns.get(name), mask, len(is_bare)))
    return pa.Table.from_arrays(arrays, schema=schema)


def _vintage(taxi_type: str) -> tuple[str, tuple[str, ...]]:
    """Prefix of the clocks, and the columns that are null together in the block at the end."""
    together = ("passenger_count", "RatecodeID", "store_and_fwd_flag", "congestion_surcharge")
    if taxi_type == "yellow":
        return "tpep", (*together, "airport_fee")
    return "lpep", (*together, "payment_type", "trip_type")


def _array(column: pa.Field, values: Integers | None, mask: Flags | None, rows: int) -> pa.Array:
    """One column in the TLC's unit and type."""
    if values is None or pa.types.is_null(column.type):
        return pa.nulls(rows, column.type)
    if pa.types.is_timestamp(column.type):
        return pa.array(values * 1_000_000, pa.int64()).cast(column.type)
    if column.name == "store_and_fwd_flag":
        return _flags(values, mask).cast(column.type)
    is_hundredths = column.name.lower() in (*AMOUNTS, "trip_distance")
    return pa.array(values / 100 if is_hundredths else values, mask=mask).cast(column.type)


def _flags(values: Integers, mask: Flags | None) -> pa.Array:
    indices = pa.array(values.astype(np.int8), mask=mask)
    return pa.DictionaryArray.from_arrays(indices, pa.array(["N", "Y"])).cast(pa.string())


def _drawn(random: np.random.Generator, cumulated: Floats, count: int) -> Integers:
    """Indices drawn by their cumulated shares."""
    indices = np.searchsorted(cumulated, random.random(count), side="right")
    return np.minimum(indices, len(cumulated) - 1).astype(np.int64)


def _cumulated(weights: Floats) -> Floats:
    shares: Floats = np.cumsum(weights) / weights.sum()
    return shares


def _seconds(moment: date | datetime) -> int:
    """Seconds since 1970 of a New York wall clock, which has no zone here."""
    return int(datetime.fromisoformat(moment.isoformat()).replace(tzinfo=UTC).timestamp())
