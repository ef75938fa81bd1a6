"""The metrics service: reports to Prometheus what is stored and the job's status, on loopback."""
