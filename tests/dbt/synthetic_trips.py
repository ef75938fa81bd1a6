"""A few made-up trips of a month, some at its very edges, and the windows that they make."""

from importlib.resources import files

import duckdb

Rows = duckdb.DuckDBPyRelation

MONTH = """
select
    md5(concat($month, ' ', i))::uuid as trip_id,
    'green' as taxi_type,
    concat('green_tripdata_', $month, '.parquet') as source_file,
    concat($month, '-01')::date as source_month,
    -- The first begins a day before the month, the second on the last instant of the day after it, for a day.
    -- The others come in pairs.
    case i
        when 0 then source_month::timestamp - interval '1 day'
        when 1 then source_month::timestamp + interval '1 month' + interval '1 day' - interval '1 second'
        else source_month::timestamp + to_seconds(i // 2 * 7919 + i % 2 * 60)
    end as pickup_at,
    pickup_at + case i when 1 then interval '1 day' else to_seconds(60 + i * 13) end as dropoff_at,
    (1 + i * 37 % 265)::integer as pickup_zone_id,
    (case when i % 5 > 0 then 1 + i * 41 % 265 end)::integer as dropoff_zone_id,
    $vendor_id::integer as vendor_id,
    (i % 4)::integer as passenger_count,
    i / 8 as trip_distance,
    1::integer as rate_code_id,
    'N' as store_and_fwd_flag,
    (1 + i % 2)::integer as payment_type,
    1::integer as trip_type,
    (500 + i)::bigint as fare_amount_cents,
    50::bigint as extra_cents,
    50::bigint as mta_tax_cents,
    (i % 3 * 100)::bigint as tip_amount_cents,
    0::bigint as tolls_amount_cents,
    null::bigint as ehail_fee_cents,
    30::bigint as improvement_surcharge_cents,
    275::bigint as congestion_surcharge_cents,
    null::bigint as airport_fee_cents,
    fare_amount_cents + tip_amount_cents + 405 as total_amount_cents,
    null::bigint as cbd_congestion_fee_cents
from range($trips) as numbers (i)
"""


def month_of_trips(month: str, trips: int = 200, vendor_id: int = 2) -> Rows:
    """The first so many trips of a month; the same ones each time."""
    parameters = {"month": month, "trips": trips, "vendor_id": vendor_id}
    return duckdb.connect().sql(MONTH, params=parameters)


def windows_of(trips: Rows) -> Rows:
    """The windows that these trips make, by the oracle's SQL."""
    connection = duckdb.connect()
    connection.register("expected_valid_trips", trips.to_arrow_table())
    connection.execute((files("tests.oracle") / "zone_fares_15m.sql").read_text("utf-8"))
    return connection.table("expected_zone_fares_15m")


def together(*several: Rows) -> Rows:
    """All rows of several relations with the same columns."""
    connection = duckdb.connect()
    for number, rows in enumerate(several):
        connection.register(f"rows_{number}", rows.to_arrow_table())
    return connection.sql(" union all ".join(f"from rows_{number}" for number in range(len(several))))
