"""The rows of the job that Postgres refused: dead letters under the name of their table."""

from stack import database

REFUSED_BY_SINK = "refused_by_sink"
HAS_LETTERS = "select to_regclass(%(letters)s) is not null"
REFUSING_TABLES = "select distinct topic from {letters} where error_class = %(error_class)s"


def refusing_tables(dsn: str, table_set: str) -> frozenset[str]:
    """Return the tables of a set that have refused rows of its job; none without dead letters."""
    letters = f"{table_set}.dead_letters"
    if not database.query(dsn, HAS_LETTERS, {"letters": letters}).rows[0][0]:
        return frozenset()
    rows = database.query(dsn, REFUSING_TABLES.format(letters=letters), {"error_class": REFUSED_BY_SINK}).rows
    return frozenset(str(name) for (name,) in rows)
