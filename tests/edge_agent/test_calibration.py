"""Corrections: what they do to readings, and what a co-location says of them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from edge_agent.cli import app
from edge_agent.serial_config import SerialSensor
from edge_agent.sources.serial_port import SerialPort
from edge_agent.stages.calibrating import Calibration, Calibrator
from edge_agent.stages.co_location import FEWEST, Pair, TooFew, fit
from edge_agent.stages.correction import Correction, growth
from edge_agent.stages.line_up import staged
from edge_agent.taken import Taken
from service.progress import Progress
from service.settings import BadSettings, parse
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement


def said(**values: float) -> Taken:
    return Taken("dust", Measurement(Family.AIR, values), 0)


def corrected(correction: Correction, taken: Taken, humidity: float | None = None) -> Measurement:
    (found,) = Calibrator(Calibration(3, {"pm2_5": correction}), lambda: humidity).take(taken)
    return found.measurement


def test_a_corrected_value_keeps_its_raw_one_beside_it_and_is_marked() -> None:
    found = corrected(Correction(0.5, 2.0), said(pm2_5=40.0, pm10=60.0))
    assert dict(found.values) == {"pm2_5": 22.0, "pm10": 60.0, "pm2_5_raw": 40.0, "calibration": 3}
    assert found.quality == Quality.CALIBRATED


def test_growth_is_that_of_the_theory() -> None:
    assert growth(0.4, 0) == 1
    assert growth(0.4, 50) == pytest.approx(1 + 0.4 / 1.65)
    assert growth(0.4, 90) == pytest.approx(1 + 0.4 / 1.65 * 9)
    assert growth(0.4, 100) == growth(0.4, 95) == pytest.approx(1 + 0.4 / 1.65 * 19)
    assert growth(0, 90) == 1


def test_the_readings_own_humidity_goes_before_anothers() -> None:
    wet = corrected(Correction(kappa=0.4), said(pm2_5=40.0, humidity=50.0), humidity=90.0)
    assert wet.values["pm2_5"] == pytest.approx(40 / growth(0.4, 50), abs=0.001)
    other = corrected(Correction(kappa=0.4), said(pm2_5=40.0), humidity=90.0)
    assert other.values["pm2_5"] == pytest.approx(40 / growth(0.4, 90), abs=0.001)


def test_without_a_humidity_that_is_needed_the_reading_stays_raw_and_unmarked() -> None:
    taken = said(pm2_5=40.0)
    assert list(Calibrator(Calibration(1, {"pm2_5": Correction(kappa=0.4)}), lambda: None).take(taken)) == [taken]


def test_other_families_and_other_quantities_pass() -> None:
    weather = Taken("dust", Measurement(Family.WEATHER, {"temperature": 30.0}), 0)
    calibrator = Calibrator(Calibration(1, {"pm2_5": Correction(2.0), "temperature": Correction(2.0)}), lambda: None)
    assert list(calibrator.take(weather)) == [weather]
    (other,) = calibrator.take(said(co2=400.0))
    assert other.measurement.quality == Quality.GOOD


SENSORS = """
sensor = "dust"
driver = "sds011"
port = "/dev/serial/by-id/usb-dust"
humidity_from = "climate"
calibration_version = 4
[[calibration]]
quantity = "pm2_5"
slope = 0.8
kappa = 0.3
"""


def test_a_correction_of_the_settings_takes_the_humidity_of_another_sensor() -> None:
    dust = parse(Path("x.toml"), SENSORS, SerialSensor)
    climate = SerialSensor(sensor="climate", driver="mcu680", port="/dev/serial/by-id/usb-climate")
    sources = [SerialPort(each, Progress()) for each in (dust, climate)]
    line_up = list(staged(sources, [dust, climate]))
    calibrator = line_up[0]._stages[1]
    (raw,) = calibrator.take(said(pm2_5=40.0))
    assert raw.measurement.quality == Quality.GOOD
    sources[1].vitals.frame()
    sources[1].vitals.saw(Taken("climate", Measurement(Family.AIR, {"humidity": 80.0}), 0))
    found = next(iter(calibrator.take(said(pm2_5=40.0)))).measurement
    assert found.values["pm2_5"] == pytest.approx(0.8 * 40 / growth(0.3, 80), abs=0.001)
    assert found.values["calibration"] == 4
    assert len(line_up[1]._stages) == 1


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"pm2_5"', '"pressure"', "'pressure' cannot be corrected; pm1, pm2_5"),
        ("slope = 0.8", "slope = 0", "slope: input should be greater than or equal to 0.01"),
        ("slope = 0.8", "gain = 0.8", "unknown key"),
        ('"pm2_5"', '"co2"', "kappa: is for particles, which swell: pm1, pm2_5, pm4, pm10"),
        (
            "kappa = 0.3",
            'kappa = 0.3\n[[calibration]]\nquantity = "pm2_5"',
            "'pm2_5' is already calibration[1];",
        ),
    ],
)
def test_a_wrong_correction_is_refused(old: str, new: str, why: str) -> None:
    with pytest.raises(BadSettings) as caught:
        parse(Path("x.toml"), SENSORS.replace(old, new), SerialSensor)
    assert why in str(caught.value)


def street(count: int, *, kappa: float, noise: float, seed: int = 1) -> list[Pair]:
    """Return pairs of a sensor that reads 1.6 times the dry mass plus 4, swollen by kappa."""
    random = Random(seed)
    pairs = []
    for _ in range(count):
        true, humidity = random.uniform(5, 120), random.uniform(40, 95)
        raw = (1.6 * true + 4) * growth(kappa, humidity) + random.gauss(0, noise)
        pairs.append(Pair(raw, true, humidity))
    return pairs


def test_a_line_is_found_again() -> None:
    found = fit([Pair(pair.raw, pair.reference) for pair in street(500, kappa=0, noise=3)])
    assert found.correction.slope == pytest.approx(1 / 1.6, abs=4 * found.slope_error)
    assert found.correction.intercept == pytest.approx(-4 / 1.6, abs=4 * found.intercept_error)
    assert found.correction.kappa == 0
    assert found.r_squared > 0.99
    assert abs(found.after.bias) < 0.3
    assert found.after.rmse == pytest.approx(3 / 1.6, rel=0.15)
    assert found.after.uncertainty == 2 * found.after.rmse
    assert found.before.bias > 30


def test_the_swelling_is_found_again_and_not_where_there_is_none() -> None:
    found = fit(street(800, kappa=0.4, noise=3))
    assert found.correction.kappa == pytest.approx(0.4, abs=0.021)
    assert found.r_squared > 0.97
    linear = fit([Pair(pair.raw, pair.reference) for pair in street(800, kappa=0.4, noise=3)])
    assert found.after.rmse < 0.3 * linear.after.rmse
    assert fit(street(800, kappa=0, noise=3)).correction.kappa == 0


def test_errors_are_of_pairs_that_the_line_was_not_fitted_to() -> None:
    """A sensor whose nature changed half-way fits both halves together better than either predicts the other."""
    pairs = [Pair(x, 2 * x) for x in range(1, 61)] + [Pair(x, 2 * x + 40) for x in range(1, 16)]
    found = fit(pairs)
    residual = [found.correction.slope * p.raw + found.correction.intercept - p.reference for p in pairs]
    assert found.after.rmse > 1.1 * (sum(r * r for r in residual) / len(residual)) ** 0.5


def test_too_little_is_refused() -> None:
    with pytest.raises(TooFew, match=r"23 pairs are too few; at least 24"):
        fit(street(FEWEST - 1, kappa=0, noise=1))
    with pytest.raises(TooFew, match="all but equal"):
        fit([Pair(5.0, float(n)) for n in range(50)])


def table(folder: Path, rows: list[Pair], *dirt: str) -> str:
    file = folder / "beside.csv"
    lines = [
        "time,raw,ref,rh",
        *(f"{n},{p.raw:.2f},{p.reference:.2f},{p.humidity or 0:.1f}" for n, p in enumerate(rows)),
    ]
    file.write_text("\n".join([*lines, *dirt]) + "\n", encoding="utf-8-sig")
    return str(file)


ASKED = ["--sensor", "raw", "--reference", "ref"]


def test_the_command_prints_settings_that_the_agent_takes(tmp_path: Path) -> None:
    file = table(tmp_path, street(400, kappa=0.4, noise=2), "x,,5,50", "x,-200,5,50", "x,nan,5,50", "x,5,5,150")
    done = CliRunner().invoke(app, ["calibrate", file, *ASKED, "--humidity", "rh"])
    assert done.exit_code == 0, done.output
    assert (
        "from 400 pairs (left out: a value missing 2, out of the believable range 1, humidity out of range 1)"
        in done.output
    )
    assert "R² 0.9" in done.output
    assert "uncertainty ±" in done.output
    head = SENSORS.partition("[[calibration]]")[0]
    settings = parse(Path("x.toml"), head + done.output.replace("serial.calibration", "calibration"), SerialSensor)
    assert settings.calibration[0].kappa == pytest.approx(0.4, abs=0.03)
    assert settings.calibration[0].slope == pytest.approx(1 / 1.6, abs=0.03)


def test_the_command_says_json(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["calibrate", table(tmp_path, street(50, kappa=0, noise=2)), *ASKED, "--json"])
    said = json.loads(done.output)
    assert said["pairs"] == 50
    assert said["rmse"] < said["rmse_before"]


def test_a_sensor_that_is_no_better_corrected_is_warned_of(tmp_path: Path) -> None:
    random = Random(3)
    rows = [Pair(random.uniform(5, 100), random.uniform(5, 100), 50) for _ in range(100)]
    done = CliRunner().invoke(app, ["calibrate", table(tmp_path, rows), *ASKED])
    assert "WARNING: the sensor explains less than half" in done.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--sensor", "pm", "--reference", "ref"], "has no column pm; it has time, raw, ref, rh"),
        ([*ASKED, "--quantity", "rain"], "'rain' cannot be corrected"),
        ([*ASKED, "--quantity", "co", "--humidity", "rh"], "--humidity is for particles"),
        ([*ASKED, "--separator", ";"], "has no column raw, ref"),
    ],
)
def test_a_wrong_request_is_answered_with_the_remedy(tmp_path: Path, arguments: list[str], why: str) -> None:
    done = CliRunner().invoke(app, ["calibrate", table(tmp_path, street(50, kappa=0, noise=1)), *arguments])
    assert done.exit_code == 2
    assert why in done.output


def test_a_missing_table_and_an_empty_one_are_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["calibrate", str(tmp_path / "none.csv"), *ASKED])
    assert (done.exit_code, "cannot be read as CSV" in done.output) == (2, True)
    done = CliRunner().invoke(app, ["calibrate", table(tmp_path, []), *ASKED])
    assert (done.exit_code, "0 pairs are too few" in done.output) == (2, True)
