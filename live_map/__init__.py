"""The live map: the newest fare of each zone in a browser."""
