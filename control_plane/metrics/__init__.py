"""The part that tells Prometheus what is stored and how the job does: exact numbers, on loopback."""
