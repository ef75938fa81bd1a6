"""Who is told of trouble."""
