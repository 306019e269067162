"""Options that the agent's commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_CONFIG = Path("/etc/simpang/agent.toml")

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The agent's settings, a TOML file.")]
