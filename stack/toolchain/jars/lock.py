"""Read the lock files."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
COMPONENTS = (
    "kafka",
    "kafka-tools",
    "kafka-streams",
    "registry",
    "flink",
    "ecj",
    "postgres",
    "msk",
    "s3",
    "spark-s3",
    "spark-kafka",
    "profiler",
)


@dataclass(frozen=True)
class Artifact:
    """One locked file of a Maven repository."""

    group: str
    name: str
    version: str
    packaging: str
    classifier: str
    sha256: str

    @property
    def coordinate(self) -> str:
        """The coordinate in its usual notation."""
        suffix = f":{self.packaging}:{self.classifier}" if self.classifier else ""
        return f"{self.group}:{self.name}:{self.version}{suffix}"

    @property
    def path(self) -> str:
        """Its path in every Maven repository."""
        classifier = f"-{self.classifier}" if self.classifier else ""
        folder = f"{self.group.replace('.', '/')}/{self.name}/{self.version}"
        return f"{folder}/{self.name}-{self.version}{classifier}.{self.packaging}"


def lock_path(component: str) -> Path:
    """Return the lock file of a component, in jgo's format."""
    return FOLDER / component / "jgo.lock.toml"


def locked_artifacts(component: str) -> list[Artifact]:
    """Return every file of a component, in the order of its lock."""
    # jgo's own reader imports its resolver with it, which costs each `up` half a second.
    lock = tomllib.loads(lock_path(component).read_text())
    return [
        Artifact(
            group=row["groupId"],
            name=row["artifactId"],
            version=row["version"],
            packaging=row["packaging"],
            classifier=row.get("classifier", ""),
            sha256=row["sha256"],
        )
        for row in lock["dependencies"]
    ]
