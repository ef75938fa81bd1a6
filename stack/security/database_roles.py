"""The roles of the database; their privileges are defined next to the tables, in schemas/postgres."""

from collections.abc import Mapping

import psycopg
from psycopg import sql


def ensure_roles(dsn: str, passwords: Mapping[str, str]) -> None:
    """Ensure the roles and their passwords, sent as hashes because a log could hold the statement."""
    with psycopg.connect(dsn) as connection:
        for role, plain in passwords.items():
            known = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
            verb = sql.SQL("alter role" if known else "create role")
            password = connection.pgconn.encrypt_password(plain.encode(), role.encode(), b"scram-sha-256")
            connection.execute(
                sql.SQL("{} {} login password {}").format(verb, sql.Identifier(role), password.decode())
            )
