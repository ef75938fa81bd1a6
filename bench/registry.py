"""List the benchmarks by name."""

from collections.abc import Sequence
from dataclasses import dataclass

import typer

from taxi_cli.verbs import Verb, VerbGroup

HELP = "Measure the platform on the real engines."


@dataclass(frozen=True)
class Benchmark:
    """One benchmark."""

    verb: Verb
    environment: str = ""
    """The environment to run in: Spark's, if it needs Spark; else empty, and it needs a running stack."""


BENCHMARKS: Sequence[Benchmark] = (
    Benchmark(
        Verb("stream", "bench.stream:stream", "Replay months at full speed and wait for their last window.")
    ),
    Benchmark(
        Verb(
            "freshness",
            "bench.freshness:freshness",
            "Replay a generated month at RATE trips/s, and time its windows from closing to being read.",
        )
    ),
    Benchmark(Verb("produce", "bench.produce:produce", "Publish a month with three producers and compare.")),
    Benchmark(
        Verb(
            "peers",
            "bench.peers:peers",
            "Run each program on one topic and compare rows, CPU time and speed.",
        )
    ),
    Benchmark(
        Verb("backfill", "bench.backfill:backfill", "Measure each method on months of these sizes."),
        environment="bench",
    ),
    Benchmark(
        Verb(
            "skew",
            "bench.skew:skew",
            "Measure each variant of each operation, and draw the tasks before and after.",
        ),
        environment="batch",
    ),
    Benchmark(
        Verb(
            "footprint",
            "bench.footprint:footprint",
            "Measure what a million trips need in Spark, Kafka and Postgres, for the sizing of a year.",
        )
    ),
)


class Benchmarks(VerbGroup):
    """The benchmarks as commands."""

    verbs = tuple(benchmark.verb for benchmark in BENCHMARKS)


app = typer.Typer(cls=Benchmarks, help=HELP, no_args_is_help=True, add_completion=False)


@app.callback()
def bench() -> None:
    """Do nothing without the name of a benchmark."""
