"""`simpang-agent calibrate`: a correction from a table of a sensor's values beside a reference's."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.stages.co_location import Fit, Pair, TooFew, fit
from service.command_line import BAD_SETTINGS, fail
from telemetry.catalogue import BY_FAMILY, CALIBRATED, PARTICLES
from telemetry.quantity import Family, Quantity

_LONGEST = 100_000
"""Rows, eleven years of hours; more takes minutes to fit and says no more."""


def calibrate(  # noqa: PLR0913, PLR0917 - the parameters are the options of the command line
    table: Annotated[Path, typer.Argument(help="A CSV file with a heading, a row for each time, e.g. hourly means.")],
    sensor: Annotated[str, typer.Option(help="The column with the sensor's raw values.")],
    reference: Annotated[str, typer.Option(help="The column with the reference's values, in the same unit.")],
    humidity: Annotated[str | None, typer.Option(help="The column with the humidity in %, for particles.")] = None,
    quantity: Annotated[str, typer.Option(help=f"What it is: {', '.join(CALIBRATED)}.")] = "pm2_5",
    separator: Annotated[str, typer.Option(help="What stands between two columns.")] = ",",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fit a correction and print it as settings, with R², bias and uncertainty, cross-validated over time."""
    if quantity not in CALIBRATED:
        fail(f"{quantity!r} cannot be corrected; {', '.join(CALIBRATED)} can", BAD_SETTINGS)
    if humidity is not None and quantity not in PARTICLES:
        fail(f"--humidity is for particles, which swell: {', '.join(PARTICLES)}", BAD_SETTINGS)
    known = BY_FAMILY[Family.AIR][quantity]
    left_out: Counter[str] = Counter()
    try:
        found = fit(list(_pairs(table, _Columns(sensor, reference, humidity), separator, known, left_out)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        fail(f"{table} cannot be read as CSV: {error}", BAD_SETTINGS)
    except TooFew as error:
        fail(f"{table}: {error}{_shown(left_out)}", BAD_SETTINGS)
    typer.echo(json.dumps(_facts(found, left_out)) if as_json else _said(found, known, left_out))


class _Columns:
    def __init__(self, sensor: str, reference: str, humidity: str | None) -> None:
        self.sensor, self.reference, self.humidity = sensor, reference, humidity

    def missing(self, heading: Mapping[str, object]) -> list[str]:
        """Return the named columns that a table does not have."""
        named = (self.sensor, self.reference, self.humidity)
        return [name for name in named if name is not None and name not in heading]


def _pairs(
    table: Path, columns: _Columns, separator: str, quantity: Quantity, left_out: Counter[str]
) -> Iterator[Pair]:
    """Yield the usable rows, and count why the others are not."""
    with table.open(newline="", encoding="utf-8-sig") as opened:
        for number, row in enumerate(csv.DictReader(opened, delimiter=separator)):
            if missing := columns.missing(row):
                present = ", ".join(str(name) for name in row)
                fail(f"{table} has no column {', '.join(missing)}; it has {present}", BAD_SETTINGS)
            if number >= _LONGEST:
                fail(f"{table} has more than {_LONGEST} rows; give means of an hour", BAD_SETTINGS)
            raw, reference = _number(row[columns.sensor]), _number(row[columns.reference])
            moist = None if columns.humidity is None else _number(row[columns.humidity])
            if raw is None or reference is None or (columns.humidity is not None and moist is None):
                left_out["a value missing"] += 1
            elif not quantity.believable(raw) or not quantity.believable(reference):
                left_out["out of the believable range"] += 1
            elif moist is not None and not 0 <= moist <= 100:
                left_out["humidity out of range"] += 1
            else:
                yield Pair(raw, reference, moist)


def _number(said: str | None) -> float | None:
    """Return a number, also with a decimal comma, None where there is none."""
    try:
        value = float((said or "").strip().replace(",", "."))
    except ValueError:
        return None
    return value if isfinite(value) else None


def _facts(found: Fit, left_out: Counter[str]) -> dict[str, object]:
    return {
        "slope": found.correction.slope,
        "intercept": found.correction.intercept,
        "kappa": found.correction.kappa,
        "pairs": found.pairs,
        "left_out": dict(left_out),
        "r_squared": found.r_squared,
        "slope_error": found.slope_error,
        "intercept_error": found.intercept_error,
        "bias_before": found.before.bias,
        "bias": found.after.bias,
        "rmse_before": found.before.rmse,
        "rmse": found.after.rmse,
        "uncertainty": found.after.uncertainty,
    }


def _said(found: Fit, quantity: Quantity, left_out: Counter[str]) -> str:
    """Return the settings to paste, as TOML, with what is known of them as comments."""
    correction, before, after, unit = found.correction, found.before, found.after, quantity.unit
    errors = f"slope ± {found.slope_error:.3f}, intercept ± {found.intercept_error:.2f} {unit}"
    validated = f"bias {after.bias:+.2f}, RMSE {after.rmse:.2f} {unit}, uncertainty ± {after.uncertainty:.2f} {unit}"
    return "\n".join(
        (
            f"# {quantity.title} from {found.pairs} pairs{_shown(left_out)}",
            f"# R² {found.r_squared:.3f}; {errors}",
            f"# raw: bias {before.bias:+.2f}, RMSE {before.rmse:.2f} {unit}",
            f"# corrected, cross-validated: {validated} (k = 2)",
            *_warnings(found),
            "# raise calibration_version of the [[serial]] table with each new correction",
            "[[serial.calibration]]",
            f'quantity = "{quantity.name}"',
            f"slope = {correction.slope:.5g}",
            f"intercept = {correction.intercept:.3f}",
            f"kappa = {correction.kappa:.2f}",
        )
    )


def _warnings(found: Fit) -> Iterator[str]:
    if found.after.rmse >= found.before.rmse:
        yield "# WARNING: the correction does not bring the sensor nearer to the reference; do not use it"
    elif found.r_squared < 0.5:
        yield "# WARNING: the sensor explains less than half of what the reference saw"
    if not 0.01 <= found.correction.slope <= 100:
        yield "# WARNING: such a slope is refused by the settings; was the right column taken?"


def _shown(left_out: Counter[str]) -> str:
    return f" (left out: {', '.join(f'{why} {count}' for why, count in left_out.items())})" if left_out else ""
