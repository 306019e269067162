"""Where spools are broken: in memory where there is a file system in memory, for no test waits for a real disk then."""

from __future__ import annotations

from pathlib import Path

_MEMORY = Path("/dev/shm")
FOLDER = _MEMORY if _MEMORY.is_dir() else None
