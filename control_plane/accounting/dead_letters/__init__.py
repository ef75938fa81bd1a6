"""`./taxi dead-letters`: the records that are not trips, and their re-drive."""
