"""The standardised trips of a month, and those that break a rule."""
