"""Let DuckDB read s3:// addresses: a plugin of dbt-duckdb, idle if the history is on disk."""

from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """Loads DuckDB's own signed extensions from their wheels, and reads S3 by the standard AWS chain."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Keep the addresses that the profile names."""
        self.reads_s3 = str(plugin_config["processed_data"]).startswith("s3://")
        self.endpoint = urlsplit(str(plugin_config["endpoint_url"]))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Make ready once a database; its cursors share it."""
        if not self.reads_s3:
            return
        for name in ("httpfs", "aws"):
            conn.load_extension(_extension_file(name))
        conn.execute(f"create or replace secret history ({', '.join(self._secret_options())})")

    def _secret_options(self) -> list[str]:
        options = ["type s3", "provider credential_chain"]
        if self.endpoint.netloc:
            tls = str(self.endpoint.scheme == "https").lower()
            options += [f"endpoint '{self.endpoint.netloc}'", "url_style path", f"use_ssl {tls}"]
        return options


def _extension_file(name: str) -> str:
    folder = files(f"duckdb_extension_{name}") / "extensions" / f"v{duckdb.__version__}"
    return str(folder / f"{name}.duckdb_extension")
