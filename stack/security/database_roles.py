"""The roles of the database; what each may do is said beside the tables, in schemas/postgres."""

import psycopg
from psycopg import sql

from stack.security.secrets import JOB, READER, Secrets


def ensure_roles(dsn: str, secrets: Secrets) -> None:
    """Have the roles with their passwords, sent as hashes: a log could hold the statement."""
    with psycopg.connect(dsn) as connection:
        for role in (JOB, READER):
            known = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
            verb = sql.SQL("alter role" if known else "create role")
            password = connection.pgconn.encrypt_password(
                secrets.postgres_password(role).encode(), role.encode(), b"scram-sha-256"
            )
            connection.execute(
                sql.SQL("{} {} login password {}").format(verb, sql.Identifier(role), password.decode())
            )
