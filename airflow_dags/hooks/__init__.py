"""Where Airflow reaches other systems."""
