"""Run `python -m batch_backfill`."""

import sys

from batch_backfill.cli import main

if __name__ == "__main__":
    sys.exit(main())
