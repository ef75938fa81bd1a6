"""Measure one method: python -m bench.backfill_methods METHOD SOURCE TARGET."""

import json
import sys
from pathlib import Path
from pkgutil import resolve_name

from bench.backfill_methods.methods import METHODS
from bench.backfill_methods.stopwatch import Stopwatch

if __name__ == "__main__":
    method, source, target = sys.argv[1:]
    stopwatch = Stopwatch()
    resolve_name(METHODS[method])(Path(source), Path(target), stopwatch)
    print(json.dumps(stopwatch.read()))  # noqa: T201 - read by bench/backfill.py
