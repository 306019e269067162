"""The settings of the demo's agent, as a technician would write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SITE, AGENT = "simpang-empat", "se-1"


def agent_settings(folder: Path, broker_port: int, described: dict[str, Any]) -> str:
    """Return the settings file of an agent that watches the described city."""
    line = described["line"]
    serial = "\n".join(
        f'[[serial]]\nsensor = "{name}"\ndriver = "{described["protocols"][name]}"\nport = "{port}"\n'
        for name, port in described["ports"].items()
    )
    return f"""site = "{SITE}"
agent = "{AGENT}"

[broker]
host = "127.0.0.1"
port = {broker_port}

[clock]
trust = "rtc"

[spool]
path = "{folder}/spool.db"

[health]
every = 10

{serial}
[[camera]]
sensor = "cam-north"
url = "{described["camera"]}"

[[camera.line]]
name = "l1"
from = {line["from"]}
to = {line["to"]}
directions = {json.dumps(line["directions"])}
metres = {line["metres"]}
"""
