"""The commands of `./taxi dead-letters`."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from control_plane.accounting.dead_letters import decoding
from control_plane.accounting.dead_letters.letters import Address, ClassCount, DeadLetter, DeadLetterStore
from control_plane.accounting.dead_letters.redrive import RedriveOptions, RedriveResult
from control_plane.accounting.dead_letters.redrive import redrive as redrive_letters
from schemas.errors import UserError
from schemas.topics import TRIPS_TOPIC
from stack.console import console, output, plain
from stack.endpoints import Endpoints
from stack.settings import KAFKA, POSTGRES, REGISTRY
from taxi_cli.options import AsJson

BYTES_A_LINE = 16
MOST_BYTES_SHOWN = 1024

app = typer.Typer(
    no_args_is_help=True, help="Dead letters, the records that are not trips: list, show, redrive."
)

ErrorClass = Annotated[str | None, typer.Option("--class", help="Only this error class.", show_default=False)]


@app.command("list")
def list_letters(
    error_class: ErrorClass = None,
    limit: Annotated[int, typer.Option("-n", "--limit", help="Number of letters to show.", min=0)] = 10,
    as_json: AsJson = False,
) -> None:
    """Count the dead letters by error class, and show the newest."""
    letters = DeadLetterStore(Endpoints.of_platform(POSTGRES).postgres_dsn)
    counts, newest = letters.counts(error_class), letters.newest(error_class, limit)
    if as_json:
        answer = {
            "classes": [_count_json(count) for count in counts],
            "letters": [_json(one) for one in newest],
        }
        print(json.dumps(answer, indent=2))  # noqa: T201 - data for programs
    elif counts:
        output().print(_counts_table(counts), _letters_table(newest))
    else:
        console().print("there are no dead letters" + (f" of class {error_class}" if error_class else ""))


@app.command()
def show(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="topic/partition/offset, as `list` prints it.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show the bytes of a letter and the fields that can be decoded."""
    endpoints = Endpoints.of_platform(POSTGRES, REGISTRY)
    letter = DeadLetterStore(endpoints.postgres_dsn).at(Address.parse(address))
    reading = _read(letter, endpoints)
    if as_json:
        fields = {name: str(value) for name, value in reading.fields.items()}
        answer = {**_json(letter), "fields": fields, "fault": reading.fault}
        print(json.dumps(answer, indent=2))  # noqa: T201 - data for programs
    else:
        _print_letter(letter, reading)


@app.command()
def redrive(
    addresses: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ADDRESSES", help="topic/partition/offset; default: every letter not yet re-driven."
        ),
    ] = None,
    error_class: ErrorClass = None,
    schema_id: Annotated[int | None, typer.Option(help="Schema id to write into each record.", min=0)] = None,
    force: Annotated[bool, typer.Option("--force", help="Also publish what cannot be decoded.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be published.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Publish letters again that can be decoded now; a repeated run counts each of them once."""
    if addresses and error_class:
        raise UserError("addresses and --class exclude each other", "give one of them")
    endpoints = Endpoints.of_platform(KAFKA, REGISTRY, POSTGRES)
    letters = DeadLetterStore(endpoints.postgres_dsn)
    chosen = [letters.at(Address.parse(text)) for text in addresses or ()]
    known = len(chosen) or sum(count.letters - count.redriven for count in letters.counts(error_class))
    if known and not (yes or dry_run):
        typer.confirm(f"Check {_letters(known)} and publish those that are valid trips now?", abort=True)
    pages: Iterator[Sequence[DeadLetter]] = (
        iter([chosen]) if chosen else letters.not_redriven(TRIPS_TOPIC, error_class)
    )
    outcome = redrive_letters(endpoints, TRIPS_TOPIC, pages, RedriveOptions(schema_id, force, dry_run))
    console().print(_summary(outcome, dry_run=dry_run), highlight=False)


def _read(letter: DeadLetter, endpoints: Endpoints) -> decoding.DecodedPayload:
    if letter.is_row:
        return decoding.read_row(letter.payload or b"{}")
    return decoding.read(letter.payload, decoding.Registry(endpoints.schema_registry_url))


def _summary(outcome: RedriveResult, *, dry_run: bool) -> str:
    verb = "would be published" if dry_run else "published"
    done = f"{verb} to topic {TRIPS_TOPIC} again: {_letters(outcome.redriven)}"
    if not outcome.held_back:
        return done
    kinds = ", ".join(f"{count:,} {name}" for name, count in sorted(outcome.held_back.items()))
    return f"{done}; held back because they are still not valid trips: {kinds} (use --force to publish them)"


def _letters(count: int) -> str:
    return f"{count:,} dead letter{'' if count == 1 else 's'}"


def _print_letter(letter: DeadLetter, reading: decoding.DecodedPayload) -> None:
    facts = Table.grid(padding=(0, 2))
    for label, value in _facts(letter, reading):
        facts.add_row(label, plain(value))
    output().print(facts)
    output().print("\n".join(hex_dump(letter.payload or b"")), markup=False, highlight=False)
    for name, value in reading.fields.items():
        output().print(f"{name:<28} {value!r}", markup=False, highlight=False)
    output().print(reading.fault or "every byte can be decoded now", markup=False, highlight=False)


def _facts(letter: DeadLetter, reading: decoding.DecodedPayload) -> list[tuple[str, str]]:
    redriven = f"{letter.redriven_at:%Y-%m-%d %H:%M:%S}" if letter.redriven_at else "never"
    return [
        ("address", str(letter.address)),
        ("error", f"{letter.error_class}: {letter.error}"),
        ("arrived at", f"{letter.arrived_at:%Y-%m-%d %H:%M:%S} {_clock(letter)}"),
        ("key", "none" if letter.record_key is None else repr(letter.record_key)),
        ("schema id", "none" if letter.schema_id is None else str(letter.schema_id)),
        ("schema", reading.schema or "not in the registry"),
        ("bytes", "none" if letter.payload is None else f"{len(letter.payload):,}"),
        ("re-driven", redriven),
    ]


def _clock(letter: DeadLetter) -> str:
    return "UTC, when the table rejected it" if letter.is_row else "on the publisher's event clock"


def hex_dump(payload: bytes) -> list[str]:
    """Format sixteen bytes a line: their offset, their values, and the printable characters."""
    shown = payload[:MOST_BYTES_SHOWN]
    lines = [_hex_line(shown, start) for start in range(0, len(shown), BYTES_A_LINE)]
    left = len(payload) - len(shown)
    return [*lines, f"… {left:,} more bytes"] if left else lines


def _hex_line(payload: bytes, start: int) -> str:
    line = payload[start : start + BYTES_A_LINE]
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in line)
    return f"{start:08x}  {line.hex(' '):<47}  {text}"


def _counts_table(counts: Sequence[ClassCount]) -> Table:
    table = Table("error class", box=box.SIMPLE_HEAD)
    for column in ("letters", "re-driven", "newest"):
        table.add_column(column, justify="right")
    for count in counts:
        newest = f"{count.newest_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(count.error_class, f"{count.letters:,}", f"{count.redriven:,}", newest)
    return table


def _letters_table(letters: Sequence[DeadLetter]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("address", "arrived at", "error class"):
        table.add_column(column, no_wrap=True)
    table.add_column("error")
    for letter in letters:
        arrived_at = f"{letter.arrived_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(letter.address), arrived_at, letter.error_class, plain(letter.error))
    return table


def _count_json(count: ClassCount) -> dict[str, Any]:
    return {
        "error_class": count.error_class,
        "letters": count.letters,
        "redriven": count.redriven,
        "newest_at": count.newest_at.isoformat(),
    }


def _json(letter: DeadLetter) -> dict[str, Any]:
    return {
        "topic": letter.address.topic,
        "partition": letter.address.partition,
        "offset": letter.address.offset,
        "arrived_at": letter.arrived_at.isoformat(),
        "key": None if letter.record_key is None else letter.record_key.hex(),
        "error_class": letter.error_class,
        "error": letter.error,
        "schema_id": letter.schema_id,
        "payload": None if letter.payload is None else letter.payload.hex(),
        "redriven_at": letter.redriven_at.isoformat() if letter.redriven_at else None,
    }
