"""The parts of the platform; each module says how its part is prepared, run and asked for its health."""
