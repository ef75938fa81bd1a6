"""The commands of `./taxi explain`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from control_plane.sink import explanation
from control_plane.sink.explanation import Origin
from schemas.errors import UserError
from schemas.tlc_month import TAXI_TYPES
from stack.console import output, plain
from stack.endpoints import Endpoints
from stack.settings import POSTGRES
from taxi_cli.options import AsJson

ANY = "any"
LISTED_TRIPS = 20
SECTIONS = {
    "Adds up from": ("on_time", "late", "published", "difference"),
    "Its trips": ("trip",),
    "Kept out": ("withdrawn", "quarantined", "duplicate", "dead_letter"),
    "Written and confirmed by": ("release", "publication", "parity"),
}
"""The parts of a window by heading; `served` stands above them."""

app = typer.Typer(no_args_is_help=True, help="Where a served number comes from: a window, or a trip.")


@app.command()
def window(
    taxi_type: Annotated[
        str,
        typer.Argument(
            metavar="TAXI_TYPE",
            help="yellow, green or fhvhv, or their first letters; any: the only one with trips.",
        ),
    ],
    zone: Annotated[
        int, typer.Argument(metavar="ZONE", help="The pickup zone, a number: taxi.zones names them.")
    ],
    window_end: Annotated[
        str,
        typer.Argument(
            metavar="WINDOW_END",
            help='The END of the window, New York time: "2023-12-24 18:15" or 2023-12-24T18:15.',
        ),
    ],
    every_trip: Annotated[
        bool, typer.Option("--all", help=f"Every trip, not only the first {LISTED_TRIPS}.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show where a row of taxi.zone_fares_15m comes from.

    The row's parts, its trips, what was kept out and why, and who wrote and confirmed it. A window is named
    by its end, which is part of the table's key: 18:15 is the window from 18:00 to 18:15. In SQL:
    select * from taxi.explain_window('green', 74, '2023-12-24 18:15')
    """
    wanted_type, end = _taxi_type(taxi_type), _window_end(window_end)
    found = explanation.explain_window(Endpoints.of_platform(POSTGRES).reader_dsn, wanted_type, zone, end)
    if as_json:
        _print_json(found)
    else:
        _print_window(found, most_trips=len(found) if every_trip else LISTED_TRIPS)


@app.command()
def trip(
    trip_id: Annotated[str, typer.Argument(metavar="ID", help="The trip_id, a UUID.")],
    as_json: AsJson = False,
) -> None:
    """Show where a trip went, and why: on time, late, duplicate, quarantined, withdrawn, published over.

    In SQL: select * from taxi.explain_trip('…').
    """
    wanted = _trip_id(trip_id)
    found = explanation.explain_trip(Endpoints.of_platform(POSTGRES).reader_dsn, wanted)
    if as_json:
        _print_json(found)
    else:
        _print_lines(f"trip {wanted}", found)


def _taxi_type(text: str) -> str | None:
    if text == ANY:
        return None
    meant = [name for name in TAXI_TYPES if text and name.startswith(text.casefold())]
    if len(meant) != 1:
        raise UserError(
            f"{text!r} names no taxi type",
            f"there is: {', '.join(TAXI_TYPES)}; or any, for the only one with trips",
        )
    return meant[0]


def _window_end(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or ":" not in text:
        raise UserError(
            f"{text!r} is not the end of a window",
            'give New York\'s wall-clock time without a zone, as "2023-12-24 18:15" or 2023-12-24T18:15',
        )
    return found


def _trip_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise UserError(
            f"{text!r} is not a trip id", "a trip_id is a UUID: ./taxi explain window and taxi.trips show it"
        ) from None


def _print_json(found: Sequence[Origin]) -> None:
    print(json.dumps([asdict(origin) for origin in found], indent=2, default=str))  # noqa: T201 - for programs


def _print_window(found: Sequence[Origin], most_trips: int) -> None:
    _print(next(origin.says for origin in found if origin.part == "served"))
    for title, parts in SECTIONS.items():
        members = [origin for origin in found if origin.part in parts]
        shown = members[:most_trips] if parts == ("trip",) else members
        if members:
            _print("")
            _print_lines(title, shown)
        if len(shown) < len(members):
            _print(f"  and {len(members) - len(shown):,} more: --all")


def _print_lines(title: str, members: Sequence[Origin]) -> None:
    _print(title)
    width = max(len(origin.part) for origin in members)
    for origin in members:
        _print(f"  {origin.part.replace('_', ' '):{width}}  {origin.says}")


def _print(line: str) -> None:
    output().print(plain(line), soft_wrap=True)  # names of files may hold anything
