"""`./taxi dead-letters`: the records that are no trips, and their way back."""
