"""The page of the validity rules and of the windows, from the contracts."""

from schemas.rules import RULES
from schemas.topics import DEAD_LETTERS_TOPIC, DEFAULT_PARTITIONS, TRIPS_TOPIC
from schemas.windows import ZONE_FARES
from taxi_cli.reference.markdown import code, table

INTRODUCTION = """# Rules, windows and topics

## Validity rules

A trip that breaks a rule is quarantined: `taxi.quarantined_trips` stores it with every rule that it
breaks. It is counted in the ledger, and in no window. Flink, Spark, DuckDB and Postgres evaluate the same
predicates (`schemas/rules.py`).
"""


def page() -> str:
    rules = table(
        ("rule", "a trip breaks it when"), [(code(rule.name), code(rule.breaks_when)) for rule in RULES]
    )
    windows = table(
        ("window of `taxi.zone_fares_15m`", ""),
        [
            ("size", str(ZONE_FARES.size)),
            ("slide", str(ZONE_FARES.slide)),
            ("disorder that is still on time", str(ZONE_FARES.max_disorder)),
            ("windows that each trip is in", str(ZONE_FARES.panes)),
        ],
    )
    topics = table(
        ("topic", ""),
        [
            (code(TRIPS_TOPIC), f"trips and progress markers; {DEFAULT_PARTITIONS} partitions, no retention"),
            (code(DEAD_LETTERS_TOPIC), "dead letters of version 1; at least once, keyed by address"),
            (code(f"{DEAD_LETTERS_TOPIC}-N"), "dead letters of version N"),
        ],
    )
    return (
        f"{INTRODUCTION}\n{rules}\n\n## Windows\n\nEvent time is the drop-off, on New York's clock.\n\n"
        f"{windows}\n\n## Topics\n\n{topics}\n"
    )
