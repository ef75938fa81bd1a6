"""The streaming jobs: one folder a job, named after the table that it serves."""
