"""The `taxi` command."""

import sys
from collections.abc import Sequence

import typer

from schemas.errors import UserError
from stack.settings import StackSettings, wants_debug
from stack.toolchain.environments import BootstrapError

PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


app = typer.Typer(
    name="taxi",
    help="The real-time NYC taxi data platform on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; every foreseen error is one line, TAXI_DEBUG=1 shows where it came from."""
    try:
        _add_late_commands(sys.argv[1:])
        app(prog_name="./taxi")
    except (UserError, BootstrapError) as error:
        if wants_debug():
            raise
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - one line, as everywhere
        sys.exit(1)
    except Exception as error:
        if wants_debug():
            raise
        what = f"{type(error).__name__}: {error}"
        print(f"error: {what}; nobody foresaw this: TAXI_DEBUG=1 shows where", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _add_late_commands(arguments: Sequence[str]) -> None:
    """Imports the bigger commands only when they are asked for: the others start twice as fast."""
    verb = arguments[0] if arguments else "--help"
    _add_commands_of_history(verb)
    if verb in {"job", "demo", "--help"}:
        from taxi_cli.commands import (
            demo,
            job,
        )

        app.command()(demo.demo)
        app.add_typer(job.app, name="job")
    if verb in {"audit", "ledger", "--help"}:
        from taxi_cli.commands import audit as audit_command

        app.command()(audit_command.audit)
        app.command("ledger", hidden=True)(audit_command.audit)
    if verb in {"drill", "--help"}:
        from taxi_cli.commands import drill

        app.command()(drill.drill)
    if verb in {"dead-letters", "--help"}:
        from taxi_cli.commands import dead_letters as commands

        app.add_typer(commands.app, name="dead-letters")


def _add_commands_of_history(verb: str) -> None:
    if verb in {"backfill", "parity", "--help"}:
        from taxi_cli.commands import backfill as backfills

        app.command()(backfills.backfill)
        app.command()(backfills.parity)
    if verb in {"spark-run", "--help"}:
        from taxi_cli.commands import spark_run as spark_runs

        app.add_typer(spark_runs.app, name="spark-run")
    if verb in {"aws-database", "--help"}:
        from taxi_cli.commands.aws_database import aws_database

        app.command("aws-database")(aws_database)
    if verb in {"package", "--help"}:
        from taxi_cli.commands.package import package

        app.command()(package)
    if verb in {"reprocess", "--help"}:
        from taxi_cli.commands.reprocess import reprocess

        app.command()(reprocess)


@app.command()
def up(
    secure: bool = typer.Option(
        False, "--secure", help="With TLS, passwords and rights; kept until --purge."
    ),
    extras: list[str] = typer.Option(
        [], "--with", help="Also: airflow, s3. A stack keeps what it was once started with.", metavar="NAME"
    ),
    left_out: list[str] = typer.Option([], "--without", help="End it, and start it no more.", metavar="NAME"),
    everything: bool = typer.Option(False, "--all", help="With all that there is to add."),
) -> None:
    """Start the local stack: Kafka, schema registry, Flink, Postgres."""
    from control_plane import start
    from control_plane.jobs.records import JobRecords
    from stack import lifecycle
    from taxi_cli import report

    if left_out:
        lifecycle.leave_out(StackSettings.from_environment(), left_out)
    endpoints = start.up(extras=[*lifecycle.EXTRAS] if everything else extras, secure=secure)
    if JobRecords(endpoints.home).wanted():
        from taxi_cli.commands import job

        job.resume(endpoints)
    report.print_addresses(endpoints)


@app.command()
def down(purge: bool = typer.Option(False, "--purge", help="Remove the data too.")) -> None:
    """End the local stack."""
    from stack import lifecycle

    lifecycle.down(purge=purge)


@app.command()
def status(as_json: bool = typer.Option(False, "--json", help="For programs.")) -> None:
    """Say how each part is; exit 1 when one is not healthy."""
    from taxi_cli import report

    if not report.print_status(StackSettings.from_environment(), as_json=as_json):
        raise typer.Exit(1)


@app.command()
def logs(
    name: str = typer.Argument(help="The part, as `status` names it."),
    follow: bool = typer.Option(False, "-f", "--follow", help="Go on as lines come."),
    lines: int = typer.Option(100, "-n", "--lines", help="How many of the last lines."),
) -> None:
    """Show the log of a part."""
    from taxi_cli import report

    report.print_log(StackSettings.from_environment().home, name, lines=lines, follow=follow)


@app.command()
def env() -> None:
    """Print the endpoints as `export` lines: eval "$(./taxi env)"."""
    from stack.endpoints import Endpoints
    from taxi_cli import report

    report.print_exports(Endpoints.of_running_stack())


@app.command()
def doctor() -> None:
    """Say what is wrong with this machine, and what to do."""
    from stack import doctor as examination

    if not examination.print_findings(StackSettings.from_environment()):
        raise typer.Exit(1)


@app.command()
def sql(
    statement: str = typer.Argument(help='For example "select * from taxi.zone_fares_now".'),
    csv: bool = typer.Option(False, "--csv", help="Print comma-separated values."),
) -> None:
    """Run a query on the sink."""
    from stack import database
    from stack.endpoints import Endpoints
    from taxi_cli import report

    report.print_rows(database.query(Endpoints.of_running_stack().reader_dsn, statement), as_csv=csv)


@app.command(context_settings=PASS_THROUGH)
def psql(context: typer.Context) -> None:
    """Postgres' own command line, on the sink."""
    from taxi_cli.commands import passthrough as forward

    forward.psql(context.args)


@app.command(context_settings=PASS_THROUGH)
def flink(context: typer.Context) -> None:
    """Flink's own command line, on the stack's cluster."""
    from taxi_cli.commands import passthrough as forward

    forward.flink(context.args)


@app.command(context_settings=PASS_THROUGH)
def airflow(context: typer.Context) -> None:
    """Airflow's own command line, on the stack's Airflow."""
    from taxi_cli.commands import passthrough as forward

    forward.airflow(context.args)


@app.command()
def marts(
    target: str = typer.Option("postgres", help="postgres: the live tables; duckdb: the processed history."),
    full_refresh: bool = typer.Option(False, "--full-refresh", help="Build every month anew."),
) -> None:
    """Build the marts, and test them."""
    from control_plane import marts as building

    building.build(building.target_named(target), full_refresh=full_refresh)


@app.command(context_settings=PASS_THROUGH)
def dbt(context: typer.Context) -> None:
    """dbt's own command line, on the live tables; with --target duckdb on the processed history."""
    from taxi_cli.commands import passthrough as forward

    forward.dbt(context.args)


@app.command(context_settings=PASS_THROUGH)
def spark(context: typer.Context) -> None:
    """Spark's spark-submit: ./taxi spark batch_backfill/__main__.py process --help."""
    from taxi_cli.commands import passthrough as forward

    forward.spark(context.args)


@app.command(context_settings=PASS_THROUGH)
def replay(context: typer.Context) -> None:
    """Publish the trips of months as they happened, or faster."""
    from taxi_cli.commands import passthrough as forward

    forward.producer("replay", context.args, needs_kafka="--dry-run" not in context.args)


@app.command(context_settings=PASS_THROUGH)
def generate(context: typer.Context) -> None:
    """Write a synthetic month with the quirks of the real ones."""
    from taxi_cli.commands import passthrough as forward

    forward.producer("generate", context.args, needs_kafka=False)


@app.command(context_settings=PASS_THROUGH)
def fetch(context: typer.Context) -> None:
    """Download a TLC month, checked and resumed."""
    from taxi_cli.commands import passthrough as forward

    forward.producer("fetch", context.args, needs_kafka=False)


@app.command(context_settings=PASS_THROUGH)
def inspect(context: typer.Context) -> None:
    """Say what months hold, and publish nothing."""
    from taxi_cli.commands import passthrough as forward

    forward.producer("inspect", context.args, needs_kafka=False)


@app.command()
def reset(yes: bool = typer.Option(False, "--yes", help="Do not ask.")) -> None:
    """Start over: empty the topic and the tables, and forget the job's state."""
    from control_plane.jobs import reset as job_reset
    from stack.endpoints import Endpoints

    endpoints = Endpoints.of_running_stack()
    files = ", ".join(job_reset.stored_files(endpoints)) or "nothing"
    if not yes:
        typer.confirm(f"This removes the trips of {files} from Kafka and Postgres. Go on?", abort=True)
    job_reset.reset(endpoints)


@app.command(context_settings=PASS_THROUGH)
def bench(context: typer.Context) -> None:
    """Measure: ./taxi bench stream FILE, ./taxi bench freshness, ./taxi bench produce."""
    from taxi_cli.commands import passthrough as forward

    forward.bench(context.args)


@app.command(context_settings=PASS_THROUGH)
def tool(context: typer.Context) -> None:
    """Run a tool of the developers' environment: ./taxi tool pytest -m unit."""
    from taxi_cli.commands import passthrough as forward

    forward.tool(context.args)


@app.command()
def vulnerabilities() -> None:
    """Say which locked packages are known to be vulnerable; exit 1 for one that nobody has accepted."""
    from stack.toolchain.vulnerabilities import print_findings

    if not print_findings(StackSettings.from_environment()):
        raise typer.Exit(1)


@app.command()
def lock() -> None:
    """Resolve the Python and Java locks anew."""
    from stack.toolchain import relock

    relock.relock_everything()


@app.command()
def version() -> None:
    """Print the versions of the platform and of its engines."""
    from taxi_cli import report

    report.print_versions()
