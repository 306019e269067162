"""One value of a described device: from the raw number that it says to a quantity in its own unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from drivers.errors import BadOption
from drivers.parts.counters import difference
from drivers.parts.units import converted, units
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family, Quantity
from telemetry.reading import Measurement

_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Value:
    """How a raw number becomes a value of a quantity."""

    quantity: Quantity
    unit: str
    scale: float
    offset: float
    errors: frozenset[float]
    low: float
    high: float
    counter: bool
    wraps_at: int

    @property
    def key(self) -> str:
        """The quantity as it is written: family.name."""
        return f"{self.quantity.family}.{self.quantity.name}"

    def read(self, raw: float, memory: MutableMapping[str, float]) -> float | str | None:
        """Return the value, the cause why there is none, or None where a counter is read for the first time."""
        if not isfinite(raw) or raw in self.errors:
            return "error-code"
        if not self.low <= raw * self.scale + self.offset <= self.high:
            return "out-of-device-range"
        if not self.counter:
            return self._in_own_unit(raw)
        most = self.quantity.high / max(abs(self._in_own_unit(1) - self._in_own_unit(0)), 1e-12)
        counted = difference(memory, self.key, raw, wraps_at=self.wraps_at, most=most)
        return None if counted is None else self._in_own_unit(counted)

    def _in_own_unit(self, raw: float) -> float:
        value = converted(raw * self.scale + self.offset, self.unit, self.quantity)
        return round(value) if self.quantity.whole else round(value, _DECIMALS)


def value(said: Mapping[str, Any]) -> Value:
    """Return the value that checked keys describe; raises BadOption."""
    family, name = str(said["quantity"]).split(".")
    quantity = BY_FAMILY[Family(family)][name]
    if said["unit"] not in units(quantity):
        raise BadOption(
            "unit", f"{said['unit']!r} is no unit of {said['quantity']}; say {' or '.join(units(quantity))}"
        )
    low, high = said["range"] or (-inf, inf)
    if low > high:
        raise BadOption("range", f"begins above its end: [{low:g}, {high:g}]")
    if said["wraps_at"] and not said["counter"]:
        raise BadOption("wraps_at", "is for a counter; add counter = true")
    return Value(
        quantity,
        said["unit"],
        said["scale"],
        said["offset"],
        frozenset(said["errors"]),
        low,
        high,
        said["counter"],
        said["wraps_at"],
    )


def measurements(read: Iterable[tuple[Quantity, float | str | None]]) -> tuple[Measurement, ...] | str | None:
    """Return a measurement of each family that has values; where none has, the first cause, None if there is none."""
    families: dict[Family, dict[str, float]] = {}
    causes: list[str] = []
    for quantity, found in read:
        if isinstance(found, str):
            causes.append(found)
        elif found is not None:
            families.setdefault(quantity.family, {})[quantity.name] = found
    if families:
        return tuple(Measurement(family, values) for family, values in families.items())
    return causes[0] if causes else None
