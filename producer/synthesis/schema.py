"""Define the columns of a TLC Parquet month from 2019 on, with the names and types of its vintage."""

import pyarrow as pa

from producer.synthesis.profile import AIRPORT_FEE_BEGAN, CBD_COLUMN_BEGAN, TYPES_CHANGED
from schemas.tlc_month import TlcMonth

SYNTHETIC_KEY = b"nyc-taxi-platform.synthetic"
"""The Parquet metadata key that marks a month as synthetic."""

MONEY = (
    "fare_amount",
    "extra",
    "mta_tax",
    "tip_amount",
    "tolls_amount",
    "improvement_surcharge",
    "total_amount",
)


APP_EVENTS = ("request", "on_scene", "pickup", "dropoff")
APP_MONEY = (
    "base_passenger_fare",
    "tolls",
    "bcf",
    "sales_tax",
    "congestion_surcharge",
    "airport_fee",
    "tips",
    "driver_pay",
)
APP_FLAGS = ("shared_request", "shared_match", "access_a_ride", "wav_request", "wav_match")


def schema_of(month: TlcMonth) -> pa.Schema:
    """Return the names and types with which the TLC published the month."""
    fields_of = {"green": _green_fields, "yellow": _yellow_fields, "fhvhv": _fhvhv_fields}
    fields = fields_of[month.taxi_type](month)
    if month.first_day >= CBD_COLUMN_BEGAN:
        fields.append(("cbd_congestion_fee", pa.float64()))
    return pa.schema(fields)


def _yellow_fields(month: TlcMonth) -> list[tuple[str, pa.DataType]]:
    types = _Types(month)
    airport_name = "Airport_fee" if types.new else "airport_fee"
    airport_type = pa.float64() if month.first_day >= AIRPORT_FEE_BEGAN else pa.null()
    return [
        ("VendorID", types.id),
        ("tpep_pickup_datetime", pa.timestamp("us")),
        ("tpep_dropoff_datetime", pa.timestamp("us")),
        ("passenger_count", types.count),
        ("trip_distance", pa.float64()),
        ("RatecodeID", types.count),
        ("store_and_fwd_flag", types.text),
        ("PULocationID", types.id),
        ("DOLocationID", types.id),
        ("payment_type", pa.int64()),
        *[(name, pa.float64()) for name in MONEY],
        ("congestion_surcharge", pa.float64()),
        (airport_name, airport_type),
    ]


def _green_fields(month: TlcMonth) -> list[tuple[str, pa.DataType]]:
    types = _Types(month)
    return [
        ("VendorID", types.id),
        ("lpep_pickup_datetime", pa.timestamp("us")),
        ("lpep_dropoff_datetime", pa.timestamp("us")),
        ("store_and_fwd_flag", types.text),
        ("RatecodeID", types.count),
        ("PULocationID", types.id),
        ("DOLocationID", types.id),
        ("passenger_count", types.count),
        ("trip_distance", pa.float64()),
        *[(name, pa.float64()) for name in MONEY[:5]],
        ("ehail_fee", pa.float64() if types.new else pa.null()),
        *[(name, pa.float64()) for name in MONEY[5:]],
        ("payment_type", types.count),
        ("trip_type", types.count),
        ("congestion_surcharge", pa.float64()),
    ]


def _fhvhv_fields(month: TlcMonth) -> list[tuple[str, pa.DataType]]:
    types = _Types(month)
    return [
        *[
            (name, types.text)
            for name in ("hvfhs_license_num", "dispatching_base_num", "originating_base_num")
        ],
        *[(f"{event}_datetime", pa.timestamp("us")) for event in APP_EVENTS],
        ("PULocationID", types.id),
        ("DOLocationID", types.id),
        ("trip_miles", pa.float64()),
        ("trip_time", pa.int64()),
        *[(name, pa.float64()) for name in APP_MONEY],
        *[(f"{name}_flag", types.text) for name in APP_FLAGS],
    ]


class _Types:
    """The Parquet types, which changed with 2023-02."""

    def __init__(self, month: TlcMonth) -> None:
        self.new = month.first_day >= TYPES_CHANGED
        self.id = pa.int32() if self.new else pa.int64()
        self.count = pa.int64() if self.new else pa.float64()
        self.text = pa.large_string() if self.new else pa.string()
