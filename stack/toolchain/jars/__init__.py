"""Java archives, pinned by SHA-256: `ensure(component)` returns their paths and downloads missing ones."""

from stack.toolchain.jars.store import ensure, ensure_all

__all__ = ["ensure", "ensure_all"]
