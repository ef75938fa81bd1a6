"""What `./taxi demo` shows: a month, and an evening of the next one live."""
