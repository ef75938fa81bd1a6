"""Months that are replaced as a whole: backfill, reprocess, parity and publication."""
