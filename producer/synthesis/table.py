"""Convert a block to rows as the TLC would publish them."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from producer.synthesis.draws import Columns, Flags, Integers
from producer.synthesis.fhvhv import app_columns
from producer.synthesis.meter import AMOUNTS, bare_mask, meter_columns
from producer.synthesis.month import Block, SyntheticMonth
from producer.synthesis.profile import AppProfile, MeterProfile
from producer.synthesis.schema import APP_EVENTS, APP_MONEY, schema_of

HUNDREDTHS = {*AMOUNTS, *APP_MONEY, "trip_distance", "trip_miles"}
MICROSECONDS = 1_000_000
LICENCES = ("HV0003", "HV0005")
BASES = ("B03404", "B03406")


def block_table(month: SyntheticMonth, number: int) -> pa.Table:
    """Return the rows of one block."""
    block, profile = Block.of(month, number), month.profile
    if isinstance(profile, AppProfile):
        arrays = _app_arrays(block, app_columns(block, profile))
    elif isinstance(profile, MeterProfile):
        arrays = _meter_arrays(block, meter_columns(block, profile))
    else:
        raise TypeError(f"no ride generator for {profile}")
    return pa.Table.from_arrays(arrays, schema=schema_of(month.month))


def _meter_arrays(block: Block, columns: Columns) -> list[pa.Array]:
    prefix = "tpep" if block.month.month.taxi_type == "yellow" else "lpep"
    for clock in ("pickup", "dropoff"):
        columns[f"{prefix}_{clock}_datetime"] = columns[clock]
    columns["Airport_fee"] = columns["airport_fee"]
    arrays = []
    for field in schema_of(block.month.month):
        mask = bare_mask(block, field.name.replace("Airport_fee", "airport_fee"))
        if field.name == "store_and_fwd_flag":
            arrays.append(_texts(field, columns[field.name], ("N", "Y"), mask))
        else:
            arrays.append(_numbers(field, columns.get(field.name), mask, block.rows))
    return arrays


def _app_arrays(block: Block, columns: Columns) -> list[pa.Array]:
    app = columns["app"]
    is_second_app = app == 1
    for event in APP_EVENTS:
        columns[f"{event}_datetime"] = columns[event]
    # The first app leaves the city's programme blank; the second names no base of origin and no arrival.
    texts = {
        "hvfhs_license_num": LICENCES,
        "dispatching_base_num": BASES,
        "originating_base_num": BASES,
        "access_a_ride_flag": (" ", "N"),
    }
    nulls = dict.fromkeys(("originating_base_num", "on_scene_datetime"), is_second_app)
    arrays = []
    for field in schema_of(block.month.month):
        mask = nulls.get(field.name)
        if field.name in texts:
            arrays.append(_texts(field, app, texts[field.name], mask))
        elif field.name.endswith("_flag"):
            arrays.append(_texts(field, columns[field.name], ("N", "Y"), mask))
        else:
            arrays.append(_numbers(field, columns.get(field.name), mask, block.rows))
    return arrays


def _numbers(field: pa.Field, values: Integers | None, mask: Flags | None, rows: int) -> pa.Array:
    """Return a column in the TLC's unit and type."""
    if values is None or pa.types.is_null(field.type):
        return pa.nulls(rows, field.type)
    if pa.types.is_timestamp(field.type):
        return pa.array((values * MICROSECONDS).view("datetime64[us]"), field.type, mask=mask)
    if field.name.lower() in HUNDREDTHS:
        return pa.array(values / 100, field.type, mask=mask)
    return pa.array(values.astype(field.type.to_pandas_dtype()), field.type, mask=mask)


def _texts(field: pa.Field, indices: Integers, texts: Sequence[str], mask: Flags | None) -> pa.Array:
    return pa.array(texts, field.type).take(pa.array(indices.astype(np.int8), mask=mask))
