"""What the triggerer waits for, without a task in a worker."""
