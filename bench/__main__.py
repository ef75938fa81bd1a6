"""Run `python -m bench NAME`, which `./taxi bench NAME` starts in the environment of the benchmark."""

import sys

from bench.registry import app
from taxi_cli.main import run

if __name__ == "__main__":
    sys.exit(run(app, "./taxi bench"))
