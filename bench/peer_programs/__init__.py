"""The programs that `./taxi bench peers` compares: each a process of its own, some in other environments."""
