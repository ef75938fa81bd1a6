"""The table set of releases that stored the start and the average of each window."""

import shutil
from pathlib import Path

from stack.settings import ROOT

FOLDER = Path(__file__).parent
WINDOWS_FILE = "01_zone_fares_15m.sql"
LATER = (
    (
        "05_trip_ledger.sql",
        "when 'on_time_windows' then written_clock(contents ->> 'window_end') - interval '15 minutes'",
        "when 'on_time_fares_15m' then written_clock(contents ->> 'window_start')",
    ),
    ("05_trip_ledger.sql", "'on_time_windows'", "'on_time_fares_15m'"),
    ("16_explain_window.sql", "'on_time_windows'", "'on_time_fares_15m'"),
    ("16_explain_window.sql", "from on_time_windows", "from on_time_fares_15m"),
)
"""What other files name differently since."""


def wide_table_set(tree: Path) -> Path:
    """The folder `table_set` of a tree of such a release."""
    for folder in ("avro", "postgres"):
        shutil.copytree(ROOT / "schemas" / folder, tree / "schemas" / folder)
    table_set = tree / "schemas" / "postgres" / "table_set"
    shutil.copyfile(FOLDER / WINDOWS_FILE, table_set / WINDOWS_FILE)
    for name, new, old in LATER:
        text = (table_set / name).read_text("utf-8")
        assert new in text
        (table_set / name).write_text(text.replace(new, old), "utf-8")
    return table_set
