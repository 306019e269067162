"""Fits a correction to a sensor that stood beside a reference, and says honestly how good it is.

The line is fitted by least squares. What is told of its quality is cross-validated: each fifth of the time is
corrected by a line that was fitted to the other four, so that a correction is never judged by what made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, linear_regression

from edge_agent.stages.correction import Correction, growth

FEWEST = 24
"""Pairs without which nothing is fitted: a day of hours."""

_FOLDS = 5
_KAPPAS = tuple(step / 50 for step in range(51))
_WORTHWHILE = 0.98
"""A humidity correction is taken where it brings the error of the validation to 98 % or less."""


class TooFew(ValueError):
    """There is too little to fit a line to."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A sensor's value and the reference's for the same time, and the humidity in % where it is known."""

    raw: float
    reference: float
    humidity: float | None = None


@dataclass(frozen=True, slots=True)
class Errors:
    """How values differ from the reference, in the quantity's unit."""

    bias: float
    rmse: float

    @property
    def uncertainty(self) -> float:
        """Expanded, with a coverage factor of 2: about 95 % of the values lie so near to the reference."""
        return 2 * self.rmse


@dataclass(frozen=True, slots=True)
class Fit:
    """A correction, and what is known of it."""

    correction: Correction
    pairs: int
    r_squared: float
    """Of the corrected values against the reference, over all pairs."""
    slope_error: float
    intercept_error: float
    """Standard errors."""
    before: Errors
    after: Errors
    """Cross-validated."""


def fit(pairs: Sequence[Pair]) -> Fit:
    """Return the best correction; raises TooFew."""
    if len(pairs) < FEWEST:
        raise TooFew(f"{len(pairs)} pairs are too few; at least {FEWEST} are needed, better those of two weeks")
    if len({pair.raw for pair in pairs}) < 3 or len({pair.reference for pair in pairs}) < 3:
        raise TooFew("the values are all but equal: there is no line through them")
    kappa = 0.0
    if all(pair.humidity is not None for pair in pairs):
        best = min(_KAPPAS, key=lambda each: _validated(pairs, each).rmse)
        if _validated(pairs, best).rmse <= _WORTHWHILE * _validated(pairs, 0.0).rmse:
            kappa = best
    dry = [_dry(pair, kappa) for pair in pairs]
    references = [pair.reference for pair in pairs]
    correction = _line(pairs, kappa)
    residuals = [
        reference - correction.slope * value - correction.intercept
        for value, reference in zip(dry, references, strict=True)
    ]
    mean, spread = fmean(dry), fmean(references)
    squares = sum((value - mean) ** 2 for value in dry)
    rest = sum(residual**2 for residual in residuals)
    variance = rest / (len(pairs) - 2)
    return Fit(
        correction,
        len(pairs),
        1 - rest / sum((reference - spread) ** 2 for reference in references),
        sqrt(variance / squares),
        sqrt(variance * (1 / len(pairs) + mean**2 / squares)),
        _errors([pair.raw - pair.reference for pair in pairs]),
        _validated(pairs, kappa),
    )


def _dry(pair: Pair, kappa: float) -> float:
    return pair.raw / growth(kappa, pair.humidity or 0.0)


def _line(pairs: Sequence[Pair], kappa: float) -> Correction:
    line = linear_regression([_dry(pair, kappa) for pair in pairs], [pair.reference for pair in pairs])
    return Correction(line.slope, line.intercept, kappa)


def _validated(pairs: Sequence[Pair], kappa: float) -> Errors:
    """Return the errors of each fifth of the pairs under the line of the others."""
    wrong: list[float] = []
    for fold in range(_FOLDS):
        first, last = fold * len(pairs) // _FOLDS, (fold + 1) * len(pairs) // _FOLDS
        others = [*pairs[:first], *pairs[last:]]
        if len({_dry(pair, kappa) for pair in others}) > 1:
            line = _line(others, kappa)
            wrong += [line.slope * _dry(p, kappa) + line.intercept - p.reference for p in pairs[first:last]]
    return _errors(wrong)


def _errors(differences: Sequence[float]) -> Errors:
    return Errors(fmean(differences), sqrt(fmean(difference**2 for difference in differences)))
