"""A service's figures in a JSON file, for screens and tests."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LOG = logging.getLogger(__name__)


def write(path: Path, figures: Mapping[str, Any]) -> None:
    """Replace the file at once, so that a reader never sees half of it; a full disk ends no service."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(figures), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        _LOG.debug("status file %s: %s", path, error)
