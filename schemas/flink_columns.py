"""The trip columns for the SQL of a Flink job: `${trip_column_definitions}`."""

from schemas.trip_columns import ALLOWED_TEXTS, DATE_RANGES, LONGEST_TEXT, TripColumn, current_columns

FORMAT = "avro-confluent-tolerant"


def column_parameters() -> dict[str, str]:
    """Return the lists of columns by placeholder name.

    Where a query replaces one column, for example by a counter, it uses the lists before and after that
    column.
    """
    columns = current_columns()
    place = {column.name: number for number, column in enumerate(columns)}
    total = place["total_amount_cents"]
    definitions = (f"{column.name} {column.types.flink}" for column in columns)
    return {
        "trip_columns_before_total": _names(columns[:total]),
        "trip_columns_after_total": _names(columns[total + 1 :]),
        "trip_columns_after_id": _names(columns[place["trip_id"] + 1 :]),
        "trip_column_definitions": ",\n    ".join(definitions),
        # Options of the format.
        "required_trip_columns": ";".join(column.name for column in columns if column.is_required),
        "uuid_trip_columns": ";".join(column.name for column in columns if column.avro_type == "uuid"),
        "trip_bounds": _bounds(),
    }


def _bounds() -> str:
    """Return the options of the format that limit which records can be trips."""
    options = {
        "longest-text": str(LONGEST_TEXT),
        "allowed-values": ",".join(f"{name}:{'|'.join(texts)}" for name, texts in ALLOWED_TEXTS.items()),
        "date-ranges": ",".join(f"{name}:{first}/{last}" for name, (first, last) in DATE_RANGES.items()),
    }
    return ",\n    ".join(f"'value.{FORMAT}.{name}' = '{value}'" for name, value in options.items())


def _names(columns: tuple[TripColumn, ...]) -> str:
    return ", ".join(column.name for column in columns)
