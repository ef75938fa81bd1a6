"""Read TLC months of any vintage as canonical trips, in arrival order."""
