"""Copy the connectors and the platform's own jar into one folder, when the image is built."""

import shutil
import sys
from pathlib import Path

from stack.toolchain import jars
from stack.toolchain.java_build import ensure_formats_jar


def main(target: Path) -> None:
    """Copy every jar."""
    target.mkdir(parents=True)
    for jar in (*jars.ensure("flink"), ensure_formats_jar()):
        shutil.copyfile(jar, target / jar.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
