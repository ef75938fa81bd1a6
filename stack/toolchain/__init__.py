"""The tools that the platform installs: Python environments, jars, Java."""
