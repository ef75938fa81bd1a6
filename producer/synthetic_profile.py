"""What a TLC month looks like, in figures measured on real months; where no month was at hand, it says so."""

from dataclasses import dataclass
from datetime import date

from producer.tlc_month import TlcMonth

METER_RAISED = date(2023, 1, 1)
"""The fare rise of 2022-12-19, taken from the next whole month on."""

TYPES_CHANGED = date(2023, 2, 1)
CONGESTION_BEGAN = date(2019, 2, 1)
AIRPORT_FEE_BEGAN = date(2022, 4, 1)
AIRPORT_FEE_RAISED = date(2023, 4, 1)
CBD_FEE_BEGAN = date(2025, 1, 5)
CBD_COLUMN_BEGAN = date(2025, 1, 1)

JFK, LAGUARDIA = 132, 138


@dataclass(frozen=True)
class QuirkRates:
    """Shares of the rows. Measured on green 2020-03, 2020-12 and 2023-12."""

    refunds: float = 0.0028
    refunds_with_twin: float = 0.97
    dropoff_not_after_pickup: float = 0.0011
    longer_than_23h: float = 0.0022
    zero_totals: float = 0.0022
    implausible_totals: float = 0.00002
    wild_dates: float = 0.00003
    just_outside_month: float = 0.00004
    unknown_pickup_zone: float = 0.0028
    unknown_dropoff_zone: float = 0.009


@dataclass(frozen=True)
class Profile:
    """One taxi type. Weights need not add up to 1; the 24 hours begin at midnight, the weekdays on Monday."""

    zone_weights: dict[int, float]
    other_zones_weight: float
    hours: tuple[float, ...]
    weekdays: tuple[float, ...]
    null_blocks: tuple[tuple[date, float], ...]
    first_vendor: float
    median_miles: float
    miles_sigma: float
    zero_miles: float
    same_zone: float
    pays_by_card: float
    congestion: float
    cbd: float
    tolls_beyond_7_miles: float
    dispatched: float

    def null_block(self, first_day: date) -> float:
        """Share of the rows, at the end of the file, in which several columns are null together."""
        return next((share for began, share in reversed(self.null_blocks) if began <= first_day), 0.0)


GREEN = Profile(
    zone_weights={
        74: 12.7, 75: 9.4, 41: 5.6, 166: 3.5, 82: 3.6, 95: 3.6, 42: 3.5, 97: 3.1, 7: 2.5, 244: 2.6, 43: 2.4,
        65: 2.3, 129: 1.9, 130: 2.0, 33: 1.4, 25: 1.2, 260: 1.3, 116: 1.3, 66: 1.3, 181: 1.0, 61: 0.9, 134:
        0.8, 196: 0.8, 92: 0.8, 223: 0.8, 52: 0.7, 152: 0.6, 188: 0.6, 49: 0.6, 243: 0.5, 55: 0.5, 17: 0.5,
        255: 0.5, 226: 0.5, 193: 0.4, 76: 0.5, 69: 0.4, 225: 0.4, 197: 0.4, 242: 0.4, 159: 0.4, 83: 0.5,
        179: 0.4, 24: 0.4, 213: 0.4, 89: 0.4, 210: 0.4, 247: 0.4, 168: 0.4, 39: 0.4, 236: 0.4, 145: 0.4, 35:
        0.4, 51: 0.4, 80: 0.3,
    },
    other_zones_weight=18.0,
    hours=(
        1.9, 1.2, 0.8, 0.7, 0.8, 0.9, 1.9, 3.8, 5.2, 6.1, 6.3, 6.1,
        6.2, 6.6, 6.8, 7.1, 7.0, 7.0, 6.4, 5.4, 4.2, 3.3, 2.7, 2.2,
    ),
    weekdays=(0.98, 1.05, 1.10, 1.08, 1.08, 0.92, 0.79),
    null_blocks=((date(2020, 1, 1), 0.21), (date(2020, 7, 1), 0.44), (date(2022, 1, 1), 0.08)),
    first_vendor=0.13,
    median_miles=1.95,
    miles_sigma=0.95,
    zero_miles=0.035,
    same_zone=0.12,
    pays_by_card=0.55,
    congestion=0.25,
    cbd=0.08,
    tolls_beyond_7_miles=0.5,
    dispatched=0.027,
)  # fmt: skip

# Zones from the first rows of two months; hours and weekdays are the city's known rhythm, not measured.
YELLOW = Profile(
    zone_weights={
        132: 4.9, 161: 4.6, 237: 4.7, 236: 4.4, 162: 3.6, 138: 3.0, 186: 3.5, 230: 3.4, 142: 3.4, 170: 3.0,
        239: 2.9, 163: 2.8, 234: 2.9, 48: 2.9, 68: 2.6, 79: 3.0, 141: 2.7, 164: 2.6, 107: 2.5, 249: 2.4,
        238: 2.3, 140: 2.1, 263: 2.2, 229: 2.1, 100: 1.8, 90: 1.8, 43: 1.8, 246: 1.7, 143: 1.4, 262: 1.5,
        231: 1.5, 233: 1.4, 113: 1.4, 50: 1.4, 137: 1.3, 148: 1.3, 114: 1.3, 158: 1.2, 144: 1.0, 151: 0.9,
        87: 0.8, 211: 0.8, 166: 0.7, 75: 0.7, 13: 0.6, 24: 0.6, 261: 0.5, 88: 0.5, 125: 0.5, 74: 0.5, 41:
        0.4, 45: 0.3, 209: 0.3, 232: 0.3, 4: 0.3,
    },
    other_zones_weight=3.0,
    hours=(
        2.8, 1.9, 1.3, 0.9, 0.6, 0.7, 1.5, 2.9, 4.0, 4.4, 4.7, 5.0,
        5.4, 5.5, 5.9, 6.0, 6.1, 6.9, 7.2, 6.3, 5.7, 5.7, 5.3, 4.3,
    ),
    weekdays=(0.88, 0.98, 1.04, 1.07, 1.07, 1.07, 0.89),
    null_blocks=((date(2020, 1, 1), 0.047),),
    first_vendor=0.22,
    median_miles=1.8,
    miles_sigma=0.8,
    zero_miles=0.011,
    same_zone=0.05,
    pays_by_card=0.80,
    congestion=0.93,
    cbd=0.65,
    tolls_beyond_7_miles=0.3,
    dispatched=0.013,
)  # fmt: skip

PROFILES = {"green": GREEN, "yellow": YELLOW}


@dataclass(frozen=True)
class Tariff:
    """Amounts in cents that were in force in a month."""

    flag_drop: int
    meter_step: int
    night_extra: int
    rush_extra: int
    improvement: int
    congestion: int
    airport: int
    bridge_toll: int
    jfk_flat: int


def tariff_of(month: TlcMonth) -> Tariff:
    """The tariff of a month of yellow or green taxis."""
    raised = month.first_day >= METER_RAISED
    return Tariff(
        flag_drop=300 if raised else 250,
        meter_step=70 if raised else 50,
        night_extra=100 if raised else 50,
        rush_extra=250 if raised else 100,
        improvement=100 if raised else 30,
        congestion=_congestion(month),
        airport=_airport(month),
        bridge_toll=694 if raised else 612,
        jfk_flat=7000 if raised else 5200,
    )


def _congestion(month: TlcMonth) -> int:
    if month.first_day < CONGESTION_BEGAN:
        return 0
    return 250 if month.taxi_type == "yellow" else 275


def _airport(month: TlcMonth) -> int:
    if month.taxi_type == "green" or month.first_day < AIRPORT_FEE_BEGAN:
        return 0
    return 175 if month.first_day >= AIRPORT_FEE_RAISED else 125
