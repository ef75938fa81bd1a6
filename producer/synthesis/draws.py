"""Random numbers at the pace of memory: draws by shares from a table, and whole numbers for columns."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Factors = NDArray[np.float32]
Flags = NDArray[np.bool_]
Columns = dict[str, Integers]
"""Whole numbers by column: money in cents, miles in hundredths, clocks in seconds since 1970."""

SLOTS = 1 << 16


@dataclass(frozen=True)
class Wheel:
    """Draws indices by their shares: each has its part of 65,536 slots, so that a draw is one look-up."""

    indices: Integers

    @classmethod
    def of(cls, weights: Floats) -> "Wheel":
        """Weights need not add up to 1."""
        middles = (np.arange(SLOTS) + 0.5) / SLOTS
        indices = np.searchsorted(cumulated(weights), middles, side="right")
        return cls(np.minimum(indices, len(weights) - 1).astype(np.int64))

    def spin(self, random: np.random.Generator, count: int) -> Integers:
        """As many indices as asked for."""
        drawn: Integers = self.indices[random.integers(0, SLOTS, count, dtype=np.uint16)]
        return drawn


def flips(random: np.random.Generator, share: float, count: int) -> Flags:
    """True in the given share."""
    flags: Flags = random.random(count, dtype=np.float32) < np.float32(share)
    return flags


def scattered(random: np.random.Generator, sigma: float, count: int) -> Factors:
    """Factors around 1, as wide as sigma says, never negative (log-normal)."""
    factors = random.standard_normal(count, dtype=np.float32)
    factors *= np.float32(sigma)
    return np.exp(factors, out=factors)


def cumulated(weights: Floats) -> Floats:
    """Cumulated shares."""
    shares: Floats = np.cumsum(weights) / weights.sum()
    return shares


def seconds_of(moment: date | datetime) -> int:
    """Seconds since 1970 of a New York wall clock, which has no zone here."""
    return int(datetime.fromisoformat(moment.isoformat()).replace(tzinfo=UTC).timestamp())
