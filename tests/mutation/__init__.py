"""What the tests would not notice: `make mutate` changes one operator or constant at a time and runs them."""
