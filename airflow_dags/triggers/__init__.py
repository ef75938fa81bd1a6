"""Wait in the triggerer, without a task in a worker."""
