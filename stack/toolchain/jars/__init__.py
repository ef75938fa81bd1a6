"""Java archives, pinned by SHA-256: `ensure(component)` gives their paths and downloads what is missing."""

from stack.toolchain.jars.store import ensure, ensure_all

__all__ = ["ensure", "ensure_all"]
