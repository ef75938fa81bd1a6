"""The validity rules of a trip, as SQL predicates that work in Flink, Spark, DuckDB and Postgres."""

from dataclasses import dataclass

FIRST_ZONE_ID = 1
LAST_ZONE_ID = 265
HIGHEST_PLAUSIBLE_TOTAL_CENTS = 1000_00


@dataclass(frozen=True)
class Rule:
    """A named rule; a trip breaks it when the predicate is true."""

    name: str
    breaks_when: str

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or not self.name.islower():
            raise ValueError(
                f"rule name {self.name!r} must be lower_snake_case: it is stored in a text[] column"
            )
        if not self.breaks_when.strip():
            raise ValueError(f"rule {self.name} has no predicate, so no trip could break it")


NEEDED_COLUMNS = ("pickup_at", "dropoff_at", "pickup_zone_id", "total_amount_cents")
"""Columns that a file may lack although every valid trip has them."""

MISSING_FIELD = Rule("missing_field", " or ".join(f"{column} is null" for column in NEEDED_COLUMNS))

RULES = (
    MISSING_FIELD,
    Rule("dropoff_not_after_pickup", "dropoff_at <= pickup_at"),
    Rule("longer_than_24h", "dropoff_at > pickup_at + interval '24' hour"),
    Rule(
        "outside_source_month",
        "pickup_at < cast(source_month as timestamp) - interval '1' day"
        " or pickup_at >= cast(source_month as timestamp) + interval '1' month + interval '1' day",
    ),
    Rule("unknown_pickup_zone", f"pickup_zone_id not between {FIRST_ZONE_ID} and {LAST_ZONE_ID}"),
    Rule("non_positive_total", "total_amount_cents <= 0"),
    Rule("implausible_total", f"total_amount_cents > {HIGHEST_PLAUSIBLE_TOTAL_CENTS}"),
)


def is_valid_sql() -> str:
    """Return SQL that is true for a valid trip, otherwise false; never null: `missing_field` covers nulls."""
    return "not (" + " or ".join(f"({rule.breaks_when})" for rule in RULES) + ")"


def is_nearly_all(quarantined: int, trips: int) -> bool:
    """Return whether more than 90 % of the trips break a rule: the file has another month than its name."""
    return quarantined * 10 > trips * 9


def broken_rules_sql() -> str:
    """Return SQL for the broken rules, joined by commas in the order of `RULES`; empty for a valid trip."""
    cases = ", ".join(f"case when {rule.breaks_when} then '{rule.name}' end" for rule in RULES)
    return f"concat_ws(',', {cases})"
