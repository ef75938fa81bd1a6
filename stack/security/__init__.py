"""The secure profile of the local stack: its users, their authentication, and their rights."""
