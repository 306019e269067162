"""How a raw value becomes a corrected one: a straight line, and for particles the water that they took up.

Particles swell in moist air and scatter more light. By kappa-Köhler theory (Petters and Kreidenweis 2007), as used
for such sensors by Crilley et al. 2018 (doi 10.5194/amt-11-709-2018), a sensor reads the dry mass times
1 + (kappa / 1.65) / (1 / aw - 1), where aw is the relative humidity as a fraction and 1.65 g/cm³ the dry density.
"""

from __future__ import annotations

from dataclasses import dataclass

_DRY_DENSITY = 1.65
_MOISTEST = 0.95
"""Above 95 % the theory gives a factor without bound, and a sensor sees fog: the factor of 95 % is taken."""


def growth(kappa: float, humidity: float) -> float:
    """Return by how much particles in air of so many % are heavier than dry ones, as an optical sensor sees them."""
    activity = min(max(humidity / 100, 0.0), _MOISTEST)
    return 1 + kappa / _DRY_DENSITY * activity / (1 - activity)


@dataclass(frozen=True, slots=True)
class Correction:
    """value = slope * raw / growth(kappa, humidity) + intercept."""

    slope: float = 1.0
    intercept: float = 0.0
    kappa: float = 0.0

    def __call__(self, raw: float, humidity: float | None) -> float | None:
        """Return the corrected value, None where the humidity is needed and not known."""
        if not self.kappa:
            return self.slope * raw + self.intercept
        if humidity is None:
            return None
        return self.slope * raw / growth(self.kappa, humidity) + self.intercept
