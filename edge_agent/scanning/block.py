"""The settings of a sensor that a scan found, ready to be pasted, and their way into the file."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from drivers.catalogue import load
from edge_agent.config import AgentSettings
from edge_agent.scanning.verdict import Verdict
from service.settings import parse
from telemetry.quantity import Family

_NAMES = {
    Family.AIR: "air",
    Family.NOISE: "noise",
    Family.WEATHER: "weather",
    Family.WATER: "water",
    Family.POWER: "power",
    Family.HEALTH: "gnss",
}


def sensor_name(driver: str, taken: Collection[str]) -> str:
    """Return a name for a sensor that no other has, like dust, co2 or weather-2."""
    quantities = load(driver).quantities
    name = _NAMES.get(quantities[0].family, "sensor")
    if name == "air":
        measured = {quantity.name for quantity in quantities}
        name = "dust" if "pm2_5" in measured else "co2" if "co2" in measured else "air"
    numbered = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(each for each in numbered if each not in taken)


def block(port: str, found: Verdict, sensor: str) -> str:
    """Return the settings of a sensor as TOML."""
    others = f"  # or / atau: {', '.join(found.names[1:])}" if len(found.names) > 1 else ""
    lines = ["[[serial]]", f'sensor = "{sensor}"', f'driver = "{found.names[0]}"{others}', f'port = "{port}"']
    if found.baud is not None:
        lines.append(f"baud = {found.baud}")
    options = dict(load(found.names[0]).example)
    if found.address is not None:
        options["address"] = found.address
    if options:
        said = ", ".join(f'{name} = "{v}"' if isinstance(v, str) else f"{name} = {v}" for name, v in options.items())
        lines.append(f"options = {{ {said} }}")
    return "\n".join(lines) + "\n"


def added(config: Path, text: str, blocks: str) -> AgentSettings:
    """Write blocks at the end of a settings file if it is good with them; raises BadSettings or OSError.

    The file keeps its owner, group and mode: the agent must read it, and nobody else the passwords in it.
    """
    new = text.rstrip("\n") + "\n\n" + blocks
    settings = parse(config, new, AgentSettings)
    beside, before = config.with_name(config.name + ".new"), config.stat()
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        os.fchown(opened.fileno(), before.st_uid, before.st_gid)
        os.fchmod(opened.fileno(), before.st_mode & 0o777)
        opened.write(new)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(config)
    return settings
