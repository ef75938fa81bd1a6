"""Every verb of `./taxi`, in the order of its help."""

from collections.abc import Sequence

from taxi_cli.verbs import Verb

EVERYDAY = "Everyday"
DATA = "Data"
TOOLS = "Command lines of the tools"
AWS = "AWS"
MACHINE = "This machine"
DEVELOPMENT = "Development"

VERBS: Sequence[Verb] = (
    Verb(
        "demo",
        "taxi_cli.commands.demo:demo",
        "Start the stack, replay a real month and then an evening live on the map; the stack keeps running.",
        EVERYDAY,
        is_for_local_stack=True,
    ),
    Verb(
        "up",
        "taxi_cli.commands.up:up",
        "Start the local stack: Kafka, schema registry, Flink, Postgres, live map.",
        EVERYDAY,
        is_for_local_stack=True,
    ),
    Verb("down", "taxi_cli.commands.down:down", "Stop the local stack.", EVERYDAY, is_for_local_stack=True),
    Verb(
        "status",
        "taxi_cli.commands.status:status",
        "Show the health of each service; exit 1 when one is not healthy.",
        EVERYDAY,
    ),
    Verb(
        "replay",
        "taxi_cli.commands.replay:replay",
        "Publish months in event order, at any speed; resume after an interruption.",
        EVERYDAY,
        passes_through=True,
        completed_by="producer.cli:replay",
    ),
    Verb("job", "taxi_cli.commands.job:app", "Deploy, monitor, upgrade and stop the Flink jobs.", EVERYDAY),
    Verb("sql", "taxi_cli.commands.sql:sql", "Run a query on the sink.", EVERYDAY),
    Verb(
        "audit",
        "taxi_cli.commands.audit:audit",
        "Show where every record went; exit 1 if one is lost, 3 if records are in flight.",
        EVERYDAY,
    ),
    Verb(
        "ledger",
        "taxi_cli.commands.audit:audit",
        "Show where every record went; exit 1 if one is lost, 3 if records are in flight.",
        EVERYDAY,
        is_hidden=True,
    ),
    Verb(
        "explain",
        "taxi_cli.commands.explain:app",
        "Where a served number comes from: a window, or a trip.",
        EVERYDAY,
    ),
    Verb(
        "fetch",
        "taxi_cli.commands.fetch:fetch",
        "Fetch TLC months from TLC_DATA_DIR, the cache, or the TLC's public download.",
        DATA,
        passes_through=True,
        completed_by="producer.cli:fetch",
    ),
    Verb(
        "inspect",
        "taxi_cli.commands.inspect:inspect",
        "Print what months contain: rows, valid trips, quarantined trips by rule, columns.",
        DATA,
        passes_through=True,
        completed_by="producer.cli:inspect",
    ),
    Verb(
        "generate",
        "taxi_cli.commands.generate:generate",
        "Generate synthetic TLC months with the anomalies of real ones; metadata marks them as synthetic.",
        DATA,
        passes_through=True,
        completed_by="producer.cli:generate",
    ),
    Verb(
        "backfill",
        "taxi_cli.commands.backfill:backfill",
        "Rebuild months with Spark from the TLC's files: fetch, process, compare, publish.",
        DATA,
    ),
    Verb(
        "parity",
        "taxi_cli.commands.parity:parity",
        "Compare months of Spark with those of the stream; exit 1 if a difference is unexplained.",
        DATA,
    ),
    Verb(
        "reprocess",
        "taxi_cli.commands.reprocess:reprocess",
        "Reprocess months from these files with the served release, while the live job keeps running.",
        DATA,
    ),
    Verb(
        "dead-letters",
        "taxi_cli.commands.dead_letters:app",
        "Dead letters, the records that are not trips: list, show, redrive.",
        DATA,
    ),
    Verb("marts", "taxi_cli.commands.marts:marts", "Build the marts, and test them.", DATA),
    Verb(
        "reset",
        "taxi_cli.commands.reset:reset",
        "Start over: empty the topic and the tables, and remove the job's state.",
        DATA,
        is_for_local_stack=True,
    ),
    Verb(
        "psql",
        "taxi_cli.commands.psql:psql",
        "Run psql on the sink.",
        TOOLS,
        passes_through=True,
    ),
    Verb(
        "flink",
        "taxi_cli.commands.flink:flink",
        "Run Flink's command line on the stack's cluster.",
        TOOLS,
        passes_through=True,
    ),
    Verb(
        "airflow",
        "taxi_cli.commands.airflow:airflow",
        "Run Airflow's command line on the stack's Airflow.",
        TOOLS,
        passes_through=True,
        is_for_local_stack=True,
    ),
    Verb(
        "dbt",
        "taxi_cli.commands.dbt:dbt",
        "Run dbt on the live tables; with --target duckdb, on the processed history.",
        TOOLS,
        passes_through=True,
    ),
    Verb(
        "spark",
        "taxi_cli.commands.spark:spark",
        "Run spark-submit: ./taxi spark batch_backfill/__main__.py process --help.",
        TOOLS,
        passes_through=True,
    ),
    Verb(
        "spark-run",
        "taxi_cli.commands.spark_run:app",
        "Submit and monitor runs of the Spark backfill, here or on EMR.",
        TOOLS,
    ),
    Verb(
        "package",
        "taxi_cli.commands.package:package",
        "Write the packages for AWS, each named by its content, with hashes and SBOMs.",
        AWS,
    ),
    Verb(
        "aws-database",
        "taxi_cli.commands.aws_database:aws_database",
        "Create the database roles and tables on AWS, and store a password in each empty secret.",
        AWS,
    ),
    Verb(
        "env",
        "taxi_cli.commands.env:env",
        'Print the endpoints as `export` lines: eval "$(./taxi env)".',
        MACHINE,
        is_for_local_stack=True,
    ),
    Verb(
        "logs",
        "taxi_cli.commands.logs:logs",
        "Show the log of a service.",
        MACHINE,
        is_for_local_stack=True,
    ),
    Verb(
        "doctor",
        "taxi_cli.commands.doctor:doctor",
        "Check this machine, and print how to fix each problem.",
        MACHINE,
    ),
    Verb(
        "version",
        "taxi_cli.commands.version:version",
        "Print the versions of the platform and of its engines.",
        MACHINE,
    ),
    Verb(
        "drill",
        "taxi_cli.commands.drill:drill",
        "Inject faults into a separate stack and compare every row; exit 1 if a drill fails.",
        DEVELOPMENT,
        is_for_local_stack=True,
    ),
    Verb("bench", "taxi_cli.commands.bench:app", "Measure the platform on the real engines.", DEVELOPMENT),
    Verb(
        "tool",
        "taxi_cli.commands.tool:tool",
        "Run a tool of the developers' environment: ./taxi tool pytest -m unit.",
        DEVELOPMENT,
        passes_through=True,
    ),
    Verb(
        "docs",
        "taxi_cli.commands.docs:docs",
        "Build the documentation site into .taxi/docs/site; exit 1 for a broken link or anchor.",
        DEVELOPMENT,
    ),
    Verb("lock", "taxi_cli.commands.lock:lock", "Resolve the Python and Java locks again.", DEVELOPMENT),
    Verb(
        "vulnerabilities",
        "taxi_cli.commands.vulnerabilities:vulnerabilities",
        "List the locked packages and jars with known vulnerabilities; exit 1 for one that is not accepted.",
        DEVELOPMENT,
    ),
)
