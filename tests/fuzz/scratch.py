"""A folder for files that live as long as one input, in memory where that is possible."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

GIVEN = "SIMPANG_FUZZ_SCRATCH"
"""The environment variable that names it where another process makes it and takes it away."""

_MEMORY = Path("/dev/shm")


@cache
def folder() -> Path:
    """Return the folder of this process."""
    return Path(os.environ[GIVEN]) if GIVEN in os.environ else Path(_made().name)


@cache
def _made() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that goes with this process."""
    return made()


def made() -> tempfile.TemporaryDirectory[str]:
    """Return a new folder."""
    return tempfile.TemporaryDirectory(prefix="simpang-fuzz-", dir=_MEMORY if _MEMORY.is_dir() else None)
