"""The tables of README and docs, made from the code; `python -m tests.support.readme` writes them anew."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from drivers.catalogue import known, load
from drivers.described import keys
from drivers.parts.options import Choice, Number, Option, Table
from telemetry.catalogue import QUANTITIES

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DEVICES = ROOT / "docs" / "devices.md"


def sensors() -> str:
    """Return the table of sensors, one row a driver."""
    rows = ["| driver | maker and models | quantities | line | tested with |", "|---|---|---|---|---|"]
    for name in known():
        driver = load(name)
        measured = ", ".join(quantity.title for quantity in driver.quantities)
        unchecked = "" if driver.has_check else "; the format has no check"
        rows.append(f"| `{name}` | {driver.title} | {measured} | {driver.line} | {driver.tested}{unchecked} |")
    return "\n".join(rows)


def quantities() -> str:
    """Return the table of quantities, one row each."""
    rows = ["| family | name | title | judul | unit | believable |", "|---|---|---|---|---|---|"]
    return "\n".join(
        rows
        + [
            f"| {q.family} | `{q.name}` | {q.title} | {q.title_id} | {q.unit} | {q.low:g} to {q.high:g} |"
            for q in QUANTITIES
            if not q.aside
        ]
    )


def devices() -> str:
    """Return all that is known of each device."""
    heads = (
        "driver",
        "maker and models",
        "quantities, believable range",
        "line",
        "power and level",
        "settles",
        "lasts",
    )
    columns = (*heads, "tested with", "sure")
    rows = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for name in known():
        driver = load(name)
        measured = "; ".join(f"{q.title} {q.low:g} to {q.high:g} {q.unit}".rstrip() for q in driver.quantities)
        settles = f"{driver.warm_up:g} s" if driver.warm_up else ""
        unchecked = "" if driver.has_check else "; no check"
        rows.append(
            f"| `{name}` | {driver.title} | {measured} | {driver.line}{unchecked} | {driver.power} | {settles} "
            f"| {driver.life} | {driver.tested} | {driver.sure} |"
        )
    return "\n".join(rows)


def described(options: Sequence[Option]) -> str:
    """Return the keys of a table of a description."""
    rows = ["| key | what | default |", "|---|---|---|"]
    for option in options:
        required = option.default is None
        default = "must be given" if required else f"`{json.dumps(option.default)}`" if option.default else ""
        rows.append(f"| `{option.name}` | {option.help}{_bounds(option)} | {default} |")
    return "\n".join(rows)


def _bounds(option: Option) -> str:
    match option:
        case Number():
            return f"; {option.low:.10g} to {option.high:.10g}"
        case Choice() if len(option.words) < 8:
            return f"; {', '.join(option.words)}"
    return ""


TABLES: Mapping[Path, Mapping[str, Callable[[], str]]] = {
    README: {"sensors": sensors, "quantities": quantities},
    DEVICES: {
        "devices": devices,
        "keys": lambda: described([option for option in keys.DEVICE if not isinstance(option, Table)]),
        "keys of line": lambda: described(keys.LINE),
        "keys of modbus": lambda: described(keys.MODBUS),
        "keys of text": lambda: described(keys.TEXT),
        "keys of a register": lambda: described(keys.REGISTER),
        "keys of a field": lambda: described(keys.FIELD[-3:]),
    },
}


def marked(name: str) -> re.Pattern[str]:
    """Return what finds a table between its two marks."""
    return re.compile(rf"(<!-- {name} -->\n)(.*?)(\n<!-- end of {name} -->)", re.DOTALL)


def section(text: str, name: str) -> str:
    """Return what stands between a table's two marks."""
    found = marked(name).search(text)
    assert found is not None, f"there is no place for {name}"
    return found[2]


def renewed(file: Path, text: str) -> str:
    """Return a file's text with each table as the code has it."""
    for name, table in TABLES[file].items():
        text = marked(name).sub(lambda found, table=table: found[1] + table() + found[3], text)
    return text


if __name__ == "__main__":
    for each in TABLES:
        each.write_text(renewed(each, each.read_text(encoding="utf-8")), encoding="utf-8")
