"""Prometheus and Grafana files of the platform: scrape targets, alerts, a dashboard."""
