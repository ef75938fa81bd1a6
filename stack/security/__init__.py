"""The secure profile of the local stack: who is known, by what proof, and what each may do."""
