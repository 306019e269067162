"""The catalogue finds every driver by itself, and every driver is whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

import telemetry.catalogue
from drivers.catalogue import known, load
from drivers.driver import CAUSES, Driver, LineSettings
from drivers.errors import UnknownDriver
from tests.support.captures import own, sound

MODELS = {"mhz19b", "nmea", "pmsx003", "sds011"}


def test_finds_the_devices_and_nothing_else() -> None:
    assert set(known()) >= MODELS
    assert not {"driver", "framing", "checksum", "catalogue", "errors"} & set(known())


@pytest.mark.parametrize("name", known())
def test_a_driver_states_its_facts(name: str) -> None:
    driver = load(name)
    assert issubclass(driver, Driver)
    assert driver.title
    assert isinstance(driver.line, LineSettings)
    assert driver.quantities
    assert driver.tested in {"captures", "data sheet only"}
    assert driver.interval > 0


@pytest.mark.parametrize("name", known())
def test_a_driver_has_a_capture(name: str) -> None:
    assert len(sound(name)) >= 3, f"put captured frames into tests/captures/{name}.jsonl"
    assert any(capture.cause for capture in own(name))


def test_an_unknown_name_lists_the_known_ones_and_suggests_the_nearest() -> None:
    with pytest.raises(UnknownDriver) as caught:
        load("PMS5003")
    assert all(name in str(caught.value) for name in known())
    assert "did you mean 'pmsx003'?" in str(caught.value)


@pytest.mark.parametrize("name", ["framing", "../sds011", "os", ""])
def test_what_is_no_device_is_unknown(name: str) -> None:
    with pytest.raises(UnknownDriver) as caught:
        load(name)
    assert "did you mean" not in str(caught.value) or name == "../sds011"


def test_loading_one_driver_imports_no_other() -> None:
    code = "import sys; from drivers.catalogue import load; load('sds011'); print('drivers.nmea' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_line_settings_read_as_technicians_write_them() -> None:
    assert str(LineSettings(9600)) == "9600 8N1"
    assert str(LineSettings(115200, parity="E")) == "115200 8E1"


def test_every_cause_of_a_rejection_is_counted_in_health() -> None:
    assert tuple(CAUSES) == telemetry.catalogue.CAUSES
