"""What `./taxi bench backfill` compares."""
