"""Months that never happened, with the quirks of those that did."""
