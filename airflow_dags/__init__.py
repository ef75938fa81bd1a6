"""Airflow's part of the platform: it calls commands and REST, and imports no other package but `schemas`."""
