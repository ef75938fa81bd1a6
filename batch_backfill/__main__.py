"""The command line."""

import sys

from batch_backfill.cli import main

if __name__ == "__main__":
    sys.exit(main())
