"""The tables of docs/how-to/size-a-year.md: python -m taxi_cli.reference.sizing writes them again."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from control_plane.months.sizing import Size, SparkRuns, figures, size_of_month, sources, total, value
from stack.settings import ROOT
from taxi_cli.reference.markdown import table

PAGE = ROOT / "docs" / "how-to" / "size-a-year.md"
MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(?=<!-- end -->)", re.DOTALL)
TAXI_TYPES = ("yellow", "fhvhv")
MONTHS = 12
REPLICAS = 3
GIB = 1 << 30


@dataclass(frozen=True)
class Environment:
    """The sizes in terraform/environments/NAME/main.tf that a year has to fit into."""

    name: str
    vcpus: int
    brokers: int
    broker_limit_gib: int
    storage_limit_gib: int

    @classmethod
    def read(cls, name: str) -> "Environment":
        """Read them from the call of the platform."""
        text = (ROOT / "terraform" / "environments" / name / "main.tf").read_text("utf-8")

        def number(part: str, setting: str) -> int:
            found = re.search(rf"^  {part} .*\b{setting} = (\d+)", text, re.MULTILINE)
            if found is None:
                raise ValueError(f"{name} gives {part} no {setting}")
            return int(found[1])

        return cls(
            name,
            number("emr", "vcpus"),
            number("kafka", "broker_count"),
            number("kafka", "broker_volume_limit_gib"),
            number("postgres", "storage_limit_gib"),
        )

    @property
    def replicas(self) -> int:
        """The copies of a record, as the module `kafka` makes them."""
        return min(self.brokers, REPLICAS)

    def kafka_years(self, size: Size) -> float:
        """Return how many such years the brokers keep before their disks are full."""
        return self.brokers * self.broker_limit_gib * GIB / (self.replicas * size.kafka_bytes)

    def postgres_years(self, size: Size) -> float:
        """Return how many such years the database holds."""
        return self.storage_limit_gib * GIB / size.postgres_bytes

    def minutes(self, size: Size) -> float:
        """Return the minutes of Spark, with all vCPUs, a run a taxi type."""
        return SparkRuns.of(size, len(TAXI_TYPES)).minutes(self.vcpus)


def year(taxi_type: str) -> Size:
    """Size twelve average months."""
    return total([size_of_month(taxi_type)] * MONTHS)


def year_table() -> str:
    """Render what a year takes, by taxi type and together."""
    sizes = {taxi_type: year(taxi_type) for taxi_type in TAXI_TYPES}
    columns = {**{name: (size, 1) for name, size in sizes.items()}, "together": (total(sizes.values()), 2)}
    rows = [[label, *(cell(size, runs) for size, runs in columns.values())] for label, cell in ROWS.items()]
    return table(["a year", *columns], rows)


def _gigabytes(size_bytes: float) -> str:
    return f"{size_bytes / 1e9:,.1f}"


def _kept(size_bytes: float, price: str) -> str:
    return f"{size_bytes / 1e9 * value(f'prices.{price}'):,.2f}"


ROWS: Mapping[str, Callable[[Size, int], str]] = {
    "files": lambda size, _: f"{size.files}",
    "trips": lambda size, _: f"{size.trips:,}",
    "windows": lambda size, _: f"{size.windows:,}",
    "raw files, GB": lambda size, _: _gigabytes(size.raw_bytes),
    "processed files, GB": lambda size, _: _gigabytes(size.processed_bytes),
    "S3, $ a month": lambda size, _: _kept(size.raw_bytes + size.processed_bytes, "s3_gb_month"),
    "EMR Serverless, vCPU-hours": lambda size, runs: f"{SparkRuns.of(size, runs).vcpu_hours:,.1f}",
    "EMR Serverless, $ once": lambda size, runs: f"{SparkRuns.of(size, runs).dollars:,.2f}",
    "Kafka, GB a replica": lambda size, _: _gigabytes(size.kafka_bytes),
    "Kafka, GB on three replicas": lambda size, _: _gigabytes(REPLICAS * size.kafka_bytes),
    "Kafka, $ a month": lambda size, _: _kept(REPLICAS * size.kafka_bytes, "kafka_gb_month"),
    "RDS, rows": lambda size, _: f"{size.trips + size.windows:,}",
    "RDS, GB with indexes": lambda size, _: _gigabytes(size.postgres_bytes),
    "RDS, hours to publish": lambda size, _: f"{size.publication_seconds / 3600:,.1f}",
    "RDS, $ a month": lambda size, _: _kept(size.postgres_bytes, "rds_gb_month"),
}


def fit_table() -> str:
    """Render how the year fits into the environments of Terraform."""
    both = total(map(year, TAXI_TYPES))
    rows = [
        (
            one.name,
            f"{one.minutes(both):,.0f} on {one.vcpus} vCPUs",
            f"{one.kafka_years(both):,.1f} on {one.brokers} × {one.broker_limit_gib:,} GiB, each record"
            f" {one.replicas} times",
            f"{one.postgres_years(both):,.1f} in {one.storage_limit_gib:,} GiB",
        )
        for one in map(Environment.read, ("dev", "prod"))
    ]
    return table(["environment", "minutes of Spark", "years that Kafka keeps", "years that RDS holds"], rows)


def figure_table() -> str:
    """Render each figure with its unit and source."""
    rows = [[f"`{one.name}`", f"{one.value:,}", one.unit, f"`{one.source}`"] for one in figures().values()]
    return table(["figure", "value", "unit", "source"], rows)


def source_table() -> str:
    """Render the sources, and how to measure again."""
    rows = [[f"`{name}`", one.date, one.text, one.again] for name, one in sources().items()]
    return table(["source", "date", "what was done", "again"], rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "year": year_table,
    "fit": fit_table,
    "figures": figure_table,
    "sources": source_table,
}


def with_tables(page: str) -> str:
    """Return the page with its tables as the model has them now."""
    return MARKED.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n", page)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
