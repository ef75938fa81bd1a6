"""What the demo prints at its end."""

from rich import box
from rich.table import Table

from stack import database
from stack.console import output
from stack.endpoints import Endpoints

MOST_EXPENSIVE_ZONES = """
select
    zones.zone_name as "zone",
    zones.borough as "borough",
    sum(fares.trips)::bigint as "trips",
    round(sum(fares.total_amount_cents) / 100.0 / sum(fares.trips), 2) as "average cost in $"
from taxi.zone_fares_quarter_hours as fares
join taxi.zones on zones.zone_id = fares.pickup_zone_id
group by zones.zone_id
having sum(fares.trips) >= 30
order by 4 desc
limit 10
"""


def print_most_expensive(endpoints: Endpoints) -> None:
    """Print the ten zones with the highest average cost."""
    found = database.query(endpoints.postgres_dsn, MOST_EXPENSIVE_ZONES)
    title = "\nThe ten most expensive pickup zones with at least 30 trips"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, min_width=len(title))
    for column in found.columns:
        table.add_column(column, justify="left" if column in {"zone", "borough"} else "right")
    for row in found.rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    output().print(table)


def print_next_commands(endpoints: Endpoints) -> None:
    """Print the addresses of the stack, and what to type next."""
    live_map = endpoints.extras.get("MAP_URL")
    next_commands = {
        **({"live map": live_map} if live_map else {}),
        "Flink dashboard": endpoints.flink_rest_url,
        "schema registry": endpoints.schema_registry_url.removesuffix("/apis/ccompat/v7"),
        "Postgres": endpoints.postgres_dsn,
        "query": './taxi sql "select * from taxi.zone_fares_now limit 10"',
        "the job": "./taxi job status",
        "stop the stack": "./taxi down",
    }
    output().print()
    for label, value in next_commands.items():
        print_address(label, value)


def print_address(label: str, value: str) -> None:
    """Print an address or a command so that it can be copied."""
    output().print(f"{label:<16} {value}", highlight=False, markup=False, soft_wrap=True)
