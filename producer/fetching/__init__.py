"""The TLC's files, brought from where they are to where they are wanted."""
