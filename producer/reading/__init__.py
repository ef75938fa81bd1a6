"""TLC months of any vintage, read as canonical trips and put in the order in which they arrive."""
