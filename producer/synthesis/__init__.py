"""Generate synthetic months with the quirks of the real ones."""
