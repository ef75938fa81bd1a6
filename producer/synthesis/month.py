"""Define a synthetic month: its hours, zones and out-of-range dates, and the blocks of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np

from producer.synthesis.draws import Flags, Floats, Integers, Wheel, cumulated, seconds_of
from producer.synthesis.profile import PROFILES, Profile
from schemas.tlc_month import TlcMonth

BLOCK_ROWS = 1 << 17
LAST_CITY_ZONE = 263
LAST_ZONE = 265
SMALLEST_WILD_MONTH = 1000
"""Smaller months carry no out-of-range dates: such a small sample is generated to be read."""

DAY = 86_400
HOUR = 3_600
WILD_PICKUPS = tuple(
    datetime.fromisoformat(moment)
    for moment in ("2009-01-01 00:10:19", "2041-08-17 16:24:38", "2008-12-31 23:02:05")
)


@dataclass(frozen=True)
class SyntheticMonth:
    """The month to generate: equal values give equal rows, for any number of threads."""

    month: TlcMonth
    rows: int
    seed: int
    hot_zones: Mapping[int, float] = field(default_factory=dict)

    @property
    def blocks(self) -> int:
        """Return the number of blocks."""
        return -(-self.rows // BLOCK_ROWS)

    @property
    def profile(self) -> Profile:
        """Return the profile of the taxi type."""
        return PROFILES[self.month.taxi_type]

    @property
    def complete_rows(self) -> int:
        """Return the number of rows before the final block in which several columns are null together."""
        return self.rows - round(self.rows * self.profile.null_block(self.month.first_day))

    @cached_property
    def calendar(self) -> "Calendar":
        """Return the hours of the month and their shares of the pickups."""
        return Calendar.of(self.month, self.profile)

    @cached_property
    def pickup_zones(self) -> Wheel:
        """Return the pickup weights of zones 1 to 265, numbered from 0."""
        return Wheel.of(self._zone_weights(self.profile.rates.unknown_pickup_zone, self.hot_zones))

    @cached_property
    def dropoff_zones(self) -> Wheel:
        """Return the drop-off weights; drop-offs are spread wider than pickups."""
        flat = self._zone_weights(0.0, {}) ** 0.6
        rates = self.profile.rates
        outside = rates.unknown_dropoff_is_outside
        flat[-2:] = flat.sum() * rates.unknown_dropoff_zone * np.array([1 - outside, outside])
        return Wheel.of(flat)

    @cached_property
    def wild_pickups(self) -> tuple[Integers, Integers]:
        """Return the few rows whose pickup is outside the month, sorted, and their seconds."""
        rates = self.profile.rates
        if self.rows < SMALLEST_WILD_MONTH or not rates.wild_dates:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        random = self.random(block=-1)
        wild = max(5, round(self.rows * rates.wild_dates))
        near = max(4, round(self.rows * rates.just_outside_month))
        positions = random.choice(self.rows, wild + near, replace=False).astype(np.int64)
        seconds = np.concatenate([self._far_seconds(random, wild), self._near_seconds(random, near)])
        order = np.argsort(positions)
        return positions[order], seconds[order]

    def random(self, block: int) -> np.random.Generator:
        """Return the random generator of one block."""
        kind = sorted(PROFILES).index(self.month.taxi_type)
        key = [self.seed, kind, self.month.first_day.toordinal(), block + 1]
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence(key)))

    def _zone_weights(self, unknown: float, hot_zones: Mapping[int, float]) -> Floats:
        weights = np.zeros(LAST_ZONE)
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
        first = seconds_of(self.month.first_day)
        weeks_off = first + random.choice([-1, 2], count) * random.integers(17 * DAY, 25 * DAY, count)
        wild = np.resize(np.array([seconds_of(pickup) for pickup in WILD_PICKUPS]), count)
        wild += random.integers(0, HOUR, count) * (np.arange(count) >= len(WILD_PICKUPS))
        return np.where(np.arange(count) % 5 < len(WILD_PICKUPS), wild, weeks_off)

    def _near_seconds(self, random: np.random.Generator, count: int) -> Integers:
        before = seconds_of(self.month.first_day) - random.integers(1, HOUR, count)
        after = seconds_of(self.month.next_first_day) + random.integers(0, HOUR // 4, count)
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
        """Compute each hour's share: its hour of the day x its weekday.

        Nights before a free day are livelier.
        """
        first = seconds_of(month.first_day)
        begins = np.arange(first, seconds_of(month.next_first_day), HOUR)
        hour = (begins - first) // HOUR % 24
        weekday = (month.first_day.weekday() + (begins - first) // DAY) % 7
        weights = np.array(profile.hours)[hour] * np.array(profile.weekdays)[weekday]
        weights *= np.where((hour < 5) & (weekday >= 5), 2.0, 1.0)
        return cls(begins, hour, weekday < 5, cumulated(weights))

    def hours_of(self, first: int, last: int, rows: int) -> Integers:
        """Return the hours of rows `first` to `last` - 1, of `rows` rows laid out hour after hour."""
        ends = np.rint(self.cumulated * rows).astype(np.int64).clip(first, last)
        return np.repeat(np.arange(len(ends)), np.diff(ends, prepend=first))


@dataclass(frozen=True)
class Block:
    """Some rows of a month; they depend on the seed and the number of the block only."""

    month: SyntheticMonth
    first: int
    rows: int
    random: np.random.Generator

    @classmethod
    def of(cls, month: SyntheticMonth, number: int) -> "Block":
        """Create the block of that number."""
        first = number * BLOCK_ROWS
        return cls(month, first, min(BLOCK_ROWS, month.rows - first), month.random(number))

    @property
    def bare_rows(self) -> int:
        """Return how many rows, at the end, have several columns null."""
        return min(max(self.first + self.rows - self.month.complete_rows, 0), self.rows)

    @cached_property
    def is_bare(self) -> Flags:
        """Return which rows have several columns null."""
        return np.arange(self.rows) >= self.rows - self.bare_rows

    @cached_property
    def hours(self) -> Integers:
        """Return the hour of each row, hour by hour; the bare rows run through the month a second time."""
        calendar, complete = self.month.calendar, self.month.complete_rows
        last = self.first + self.rows
        main = calendar.hours_of(min(self.first, complete), min(last, complete), complete)
        bare_first, bare_last = (max(edge - complete, 0) for edge in (self.first, last))
        bare = calendar.hours_of(bare_first, bare_last, self.month.rows - complete)
        return np.concatenate([main, bare])

    @property
    def wild_pickups(self) -> tuple[Integers, Integers]:
        """Return the rows of the block whose pickup is outside the month, and their seconds."""
        positions, seconds = self.month.wild_pickups
        start, stop = np.searchsorted(positions, [self.first, self.first + self.rows])
        return positions[start:stop] - self.first, seconds[start:stop]
