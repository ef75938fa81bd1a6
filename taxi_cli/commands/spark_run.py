"""`./taxi spark-run`: monitor a run of the Spark backfill."""

import json
from typing import Annotated

import typer

from control_plane.settings import SparkSettings, SparkTarget
from control_plane.spark.places import backend
from control_plane.spark.spark_backend import RunState, SparkBackend
from control_plane.spark.waiting import explained, wait
from schemas.errors import UserError
from stack.console import console, output
from taxi_cli.options import AsJson

MINUTE = 60.0

app = typer.Typer(no_args_is_help=True, help="Submit and monitor runs of the Spark backfill, here or on EMR.")

Run = Annotated[str, typer.Argument(metavar="RUN", help="Run id, as printed by `submit`.")]
On = Annotated[SparkTarget | None, typer.Option(help="Where it runs; default: SPARK_BACKEND, else local.")]
PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command(context_settings=PASS_THROUGH)
def submit(
    context: typer.Context,
    on: On = None,
    token: Annotated[
        str, typer.Option(help="Idempotency token: a successful run with it is not repeated.")
    ] = "",
    follow: Annotated[bool, typer.Option("--wait", help="Wait until the run has ended.")] = False,
) -> None:
    """Start the backfill: spark-run submit --on emr process --taxi-type green --month 2024-01 …"""
    if not context.args:
        raise UserError("no command is given", "add for example process --taxi-type green --month 2024-01")
    spark = _spark(on)
    run_id = spark.submit(context.args, token)
    output().print(run_id, highlight=False)
    if follow:
        limit = SparkSettings.from_environment().timeout_minutes * MINUTE
        done = wait(spark, run_id, seconds=limit, on_message=_print_message)
        _print_message(f"{run_id}: {done.state.value}{f': {done.detail}' if done.detail else ''}")
        raise typer.Exit(int(done.state is not RunState.SUCCEEDED))


@app.command()
def status(run: Run, on: On = None, as_json: AsJson = False) -> None:
    """Show the state of a run, its usage and its links; exit 1 if it failed."""
    spark = _spark(on)
    found = explained(spark, spark.state(run), every=1)
    used, links = spark.usage(run), spark.links(run)
    summary = {"run": run, "state": found.state.value, "detail": found.detail, "seconds": found.seconds}
    if as_json:
        amounts = {"vcpu_hours": used.vcpu_hours, "gb_hours": used.gb_hours, "dollars": used.dollars}
        print(json.dumps({**summary, **amounts, "links": dict(links)}, indent=2))  # noqa: T201 - data for programs
    else:
        summary["seconds"] = f"{found.seconds:,.0f}"
        for label, value in {**summary, "used": used.text(), **links}.items():
            output().print(f"{label:<12} {value}", highlight=False, soft_wrap=True)
    raise typer.Exit(int(found.state in {RunState.FAILED, RunState.CANCELLED}))


@app.command()
def cancel(run: Run, on: On = None) -> None:
    """Cancel a run."""
    spark = _spark(on)
    spark.cancel(run)
    _print_message(f"{run}: cancellation requested; the state is {spark.state(run).state.value}")


@app.command()
def logs(run: Run, on: On = None) -> None:
    """Print the log of the driver."""
    found = _spark(on).logs(run)
    _print_message(f"from {found.place}")
    for text in (found.stderr, found.stdout):
        typer.echo(text, nl=False)


def _spark(on: SparkTarget | None) -> SparkBackend:
    return backend(SparkSettings.from_environment(), on)


def _print_message(line: str) -> None:
    console().print(line, highlight=False)
