"""The contracts of the platform: trip record, identity, validity rules, windows and SQL tables."""
