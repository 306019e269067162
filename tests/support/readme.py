"""The tables of the README, made from the code; `python -m tests.support.readme` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from drivers.catalogue import known, load
from telemetry.catalogue import QUANTITIES

README = Path(__file__).parents[2] / "README.md"


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
        ]
    )


TABLES = {"sensors": sensors, "quantities": quantities}


def marked(name: str) -> re.Pattern[str]:
    """Return what finds a table between its two marks."""
    return re.compile(rf"(<!-- {name} -->\n)(.*?)(\n<!-- end of {name} -->)", re.DOTALL)


def section(text: str, name: str) -> str:
    """Return what stands between a table's two marks."""
    found = marked(name).search(text)
    assert found is not None, f"the README has no place for {name}"
    return found[2]


def renewed(text: str) -> str:
    """Return the README with each table as the code has it."""
    for name, table in TABLES.items():
        text = marked(name).sub(lambda found, table=table: found[1] + table() + found[3], text)
    return text


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
