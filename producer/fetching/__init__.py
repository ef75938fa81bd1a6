"""Fetch the TLC's files into a folder or a bucket."""
