"""What the platform brings along: Python environments, jars, Java."""
