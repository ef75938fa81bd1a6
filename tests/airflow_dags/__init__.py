"""Airflow and its DAGs."""
