"""Draw random numbers fast: indices by share from a table, and integers for columns."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Factors = NDArray[np.float32]
Flags = NDArray[np.bool_]
Columns = dict[str, Integers]
"""Integers by column: money in cents, miles in hundredths, timestamps in seconds since 1970."""

SLOTS = 1 << 16


@dataclass(frozen=True)
class Wheel:
    """A sampler of indices by share: each has its part of 65,536 slots, so that a draw is one look-up."""

    indices: Integers

    @classmethod
    def of(cls, weights: Floats) -> "Wheel":
        """Create a wheel; weights need not add up to 1."""
        middles = (np.arange(SLOTS) + 0.5) / SLOTS
        indices = np.searchsorted(cumulated(weights), middles, side="right")
        return cls(np.minimum(indices, len(weights) - 1).astype(np.int64))

    def spin(self, random: np.random.Generator, count: int) -> Integers:
        """Draw `count` indices."""
        drawn: Integers = self.indices[random.integers(0, SLOTS, count, dtype=np.uint16)]
        return drawn


def flips(random: np.random.Generator, share: float, count: int) -> Flags:
    """Return flags of which the given share is true."""
    flags: Flags = random.random(count, dtype=np.float32) < np.float32(share)
    return flags


def scattered(random: np.random.Generator, sigma: float, count: int) -> Factors:
    """Return log-normal factors around 1 with this sigma, never negative."""
    factors = random.standard_normal(count, dtype=np.float32)
    factors *= np.float32(sigma)
    return np.exp(factors, out=factors)


def cumulated(weights: Floats) -> Floats:
    """Return cumulative shares."""
    shares: Floats = np.cumsum(weights) / weights.sum()
    return shares


def seconds_of(moment: date | datetime) -> int:
    """Return the seconds since 1970 of a New York wall-clock time, which has no time zone here."""
    return int(datetime.fromisoformat(moment.isoformat()).replace(tzinfo=UTC).timestamp())
