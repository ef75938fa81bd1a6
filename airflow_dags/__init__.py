"""Airflow's half of the platform: it calls commands and REST, and imports no other room but `schemas`."""
