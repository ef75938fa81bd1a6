"""The accounting of every record: the audit, and the dead letters."""
