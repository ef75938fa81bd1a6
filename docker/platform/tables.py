"""Creates the tables, and the role that only reads them where READER_PASSWORD_FILE has its password."""

import os
import sys
from pathlib import Path

from control_plane.sink import table_sets
from schemas.errors import UserError
from stack.security.database_roles import ensure_roles
from stack.security.secrets import READER


def main() -> int:
    """Leave tables that are up to date; running it again changes nothing."""
    dsn, password = os.environ["POSTGRES_DSN"], os.environ.get("READER_PASSWORD_FILE")
    try:
        if password:
            ensure_roles(dsn, {READER: Path(password).read_text("utf-8").strip()})
        table_sets.set_up(dsn)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - one line, as everywhere
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
