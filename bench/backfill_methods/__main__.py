"""Measures one method: python -m bench.backfill_methods METHOD SOURCE TARGET."""

import json
import sys
from pathlib import Path
from pkgutil import resolve_name

from bench.backfill_methods.clock import Clock
from bench.backfill_methods.methods import METHODS

if __name__ == "__main__":
    method, source, target = sys.argv[1:]
    clock = Clock()
    resolve_name(METHODS[method])(Path(source), Path(target), clock)
    print(json.dumps(clock.read()))  # noqa: T201 - read by bench/backfill.py
