"""`./taxi bench`: each benchmark in its own environment."""

import sys
from dataclasses import replace

import typer

from bench.registry import BENCHMARKS, HELP
from control_plane.spark.local_submit import environment as spark_environment
from stack.endpoints import Endpoints
from stack.settings import StackSettings
from stack.toolchain.environments import ensure_environment
from taxi_cli import forwarding
from taxi_cli.verbs import VerbGroup


class ForwardedBenchmarks(VerbGroup):
    """The benchmarks as commands; each parses its own options where it runs."""

    verbs = tuple(
        replace(
            benchmark.verb,
            target="taxi_cli.commands.bench:forward",
            passes_through=True,
            # Modules that need Spark cannot be imported here.
            completed_by="" if benchmark.environment else benchmark.verb.target,
        )
        for benchmark in BENCHMARKS
    )


app = typer.Typer(cls=ForwardedBenchmarks, help=HELP, no_args_is_help=True)


def forward(context: typer.Context) -> None:
    """Replace this process with the benchmark of the command's name."""
    benchmark = next(one for one in BENCHMARKS if one.verb.name == context.info_name)
    home, python = StackSettings.from_environment().home, sys.executable
    variables = {}
    if benchmark.environment:
        python = str(ensure_environment(benchmark.environment) / "bin" / "python")
        variables = spark_environment(home)
    elif forwarding.HELP not in context.args:
        variables = Endpoints.of_running_stack().as_environment()
    command = [python, "-P", "-m", "bench", benchmark.verb.name, *context.args]
    forwarding.replace_process(command, {"TAXI_HOME": str(home), **variables})
