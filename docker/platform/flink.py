"""Run a process of the Flink cluster: flink.py jobmanager|taskmanager."""

import os
import sys
from pathlib import Path

from cluster import write_configuration

from stack.services.flink import drivers
from stack.settings import home_folder
from stack.toolchain.flink_wheel import distribution
from stack.toolchain.java import java_home

SCRATCH = Path("/tmp/flink")  # noqa: S108 - of the container's own


def main(process: str) -> None:
    """Become the process; its state is in the home, which both share."""
    libraries = SCRATCH / "lib"
    libraries.mkdir(parents=True, exist_ok=True)
    for jar in (*(distribution() / "lib").glob("*.jar"), *drivers()):
        link = libraries / jar.name
        link.unlink(missing_ok=True)  # a container that was killed starts again with its files
        link.symlink_to(jar)
    environment = {
        "FLINK_HOME": str(distribution()),
        "FLINK_CONF_DIR": str(write_configuration(home_folder())),
        "FLINK_LIB_DIR": str(libraries),
        "FLINK_LOG_DIR": str(SCRATCH / "log"),
        "FLINK_PID_DIR": str(SCRATCH),
        "JAVA_HOME": str(java_home()),
        "MALLOC_ARENA_MAX": "2",
    }
    program = str(distribution() / "bin" / f"{process}.sh")
    os.execve(program, [program, "start-foreground"], {**os.environ, **environment})  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1])
