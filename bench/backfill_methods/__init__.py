"""The methods that `./taxi bench backfill` compares."""
