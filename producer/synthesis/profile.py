"""Describe TLC months in figures measured on real months; a comment marks figures that were not measured."""

from dataclasses import dataclass, field
from datetime import date

from schemas.tlc_month import TlcMonth

METER_RAISED = date(2023, 1, 1)
"""The fare rise of 2022-12-19, applied from the next whole month."""

TYPES_CHANGED = date(2023, 2, 1)
CONGESTION_BEGAN = date(2019, 2, 1)
AIRPORT_FEE_BEGAN = date(2022, 4, 1)
AIRPORT_FEE_RAISED = date(2023, 4, 1)
CBD_FEE_BEGAN = date(2025, 1, 5)
CBD_COLUMN_BEGAN = date(2025, 1, 1)
BLACK_CAR_FUND_LOWERED = date(2024, 1, 1)

NEWARK, JFK, LAGUARDIA = 1, 132, 138


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
    unknown_dropoff_is_outside: float = 0.5
    negative_fares: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One taxi type. Weights need not add up to 1; the 24 hours begin at midnight, the weekdays on Monday."""

    zone_weights: dict[int, float]
    other_zones_weight: float
    hours: tuple[float, ...]
    weekdays: tuple[float, ...]
    median_miles: float
    miles_sigma: float
    zero_miles: float
    same_zone: float
    congestion: float
    cbd: float
    tolls_beyond_7_miles: float
    has_long_airport_rides: bool = False
    null_blocks: tuple[tuple[date, float], ...] = ()
    rates: QuirkRates = field(default_factory=QuirkRates)

    def null_block(self, first_day: date) -> float:
        """Return the share of rows, at the end of the file, in which several columns are null together."""
        return next((share for began, share in reversed(self.null_blocks) if began <= first_day), 0.0)


@dataclass(frozen=True, kw_only=True)
class MeterProfile(Profile):
    """A taxi with a meter: yellow or green. Only the first vendor's meters store trips and forward them."""

    first_vendor: float
    stored_by_first_vendor: float
    pays_by_card: float
    dispatched: float


@dataclass(frozen=True, kw_only=True)
class AppProfile(Profile):
    """A ride that was ordered with an app: `first_app` is the share of HV0003, the rest is HV0005."""

    first_app: float
    tips: float
    shared_request: float
    shared_match: float
    wav_request: float
    wav_match: float


# Stored and forwarded on green 2020-03, 2020-12 and 2023-12: 1,085 of the first vendor's 45,228 trips.
GREEN = MeterProfile(
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
    stored_by_first_vendor=0.024,
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

# Zones, and 38 stored trips of the first vendor's 2,464, from the first rows of two months; hours and
# weekdays are the city's known rhythm, not measured.
YELLOW = MeterProfile(
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
    stored_by_first_vendor=0.015,
    has_long_airport_rides=True,
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

# No real month was available: the figures are from the city's reports, and none of the quirks is measured.
FHVHV = AppProfile(
    zone_weights={
        132: 2.2, 138: 2.0, 79: 1.5, 61: 1.4, 37: 1.2, 76: 1.2, 230: 1.2, 161: 1.1, 231: 1.1, 234: 1.1, 246:
        1.1, 68: 1.0, 48: 1.0, 42: 1.0, 181: 1.0, 17: 1.0, 89: 1.0, 225: 1.0, 244: 0.9, 255: 0.9, 97: 0.9, 7:
        0.9, 170: 0.9, 186: 0.8, 249: 0.8, 148: 0.8, 164: 0.8, 142: 0.8, 141: 0.8, 236: 0.8, 239: 0.8, 162:
        0.8, 163: 0.7, 129: 0.7, 39: 0.9, 35: 0.7, 188: 0.7, 177: 0.7, 49: 0.7, 223: 0.6, 256: 0.7, 25: 0.6,
    },
    other_zones_weight=58.0,
    hours=(
        3.4, 2.5, 1.8, 1.4, 1.4, 1.7, 2.6, 4.1, 5.0, 4.4, 4.0, 4.0,
        4.2, 4.4, 4.8, 4.9, 5.0, 5.5, 5.7, 5.5, 5.3, 5.2, 5.0, 4.3,
    ),
    weekdays=(0.90, 0.91, 0.95, 0.99, 1.10, 1.17, 1.02),
    median_miles=2.9,
    miles_sigma=0.9,
    zero_miles=0.0003,
    same_zone=0.06,
    congestion=0.36,
    cbd=0.28,
    tolls_beyond_7_miles=0.3,
    has_long_airport_rides=True,
    rates=QuirkRates(
        refunds=0.0,
        dropoff_not_after_pickup=0.00002,
        longer_than_23h=0.0,
        zero_totals=0.0002,
        implausible_totals=0.000002,
        wild_dates=0.0,
        just_outside_month=0.0,
        unknown_pickup_zone=0.0001,
        unknown_dropoff_zone=0.037,
        unknown_dropoff_is_outside=0.99,
        negative_fares=0.0003,
    ),
    first_app=0.72,
    tips=0.2,
    shared_request=0.03,
    shared_match=0.015,
    wav_request=0.002,
    wav_match=0.07,
)  # fmt: skip

PROFILES: dict[str, Profile] = {"green": GREEN, "yellow": YELLOW, "fhvhv": FHVHV}


@dataclass(frozen=True)
class AppTariff:
    """Amounts in cents, and shares of the fare, for a month of app rides."""

    base: int
    mile: int
    minute: int
    least: int
    black_car_fund: float
    sales_tax: float
    driver_pay: float
    congestion: int
    congestion_shared: int
    airport: int
    bridge_toll: int


def app_tariff_of(month: TlcMonth) -> AppTariff:
    """Return the tariff of a month of app rides; fares are the city's usual ones, the rest is set by law."""
    is_lowered = month.first_day >= BLACK_CAR_FUND_LOWERED
    return AppTariff(
        base=250,
        mile=165,
        minute=58,
        least=700,
        black_car_fund=0.0275 if is_lowered else 0.03,
        sales_tax=0.08875,
        driver_pay=0.78,
        congestion=275,
        congestion_shared=75,
        airport=250 if month.first_day >= AIRPORT_FEE_BEGAN else 0,
        bridge_toll=694 if month.first_day >= METER_RAISED else 612,
    )


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
    """Return the tariff of a month of yellow or green taxis."""
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
