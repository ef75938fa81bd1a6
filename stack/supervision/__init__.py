"""Start, monitor and stop the processes of the stack."""
