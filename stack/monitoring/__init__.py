"""What Prometheus and Grafana need for the platform: scrape targets, alerts, a dashboard."""
