"""The streaming jobs: one folder per job, named after the table that it serves."""
