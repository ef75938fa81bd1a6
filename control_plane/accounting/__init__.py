"""Where every record went: the audit, and the dead letters."""
