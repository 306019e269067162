"""Options that several of the hub's commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_CONFIG = Path("/etc/simpang/hub.toml")

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The hub's settings, a TOML file.")]
