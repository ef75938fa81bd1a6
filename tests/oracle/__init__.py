"""The independent oracle: expected rows of the platform, in SQL written from the words of DESIGN.md alone."""
