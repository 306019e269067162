"""Gas modules: the gas comes from the settings, and what is in parts becomes µg/m³ at the stated conditions."""

from __future__ import annotations

import pytest

from drivers.errors import BadOption
from drivers.parts.gases import MOLAR_MASSES, micrograms
from drivers.winsen_ze import WinsenZe
from tests.support.captures import play, shared

_CO_TENTHS = bytes.fromhex("ff8600190000000061")


@pytest.mark.parametrize(
    ("gas", "factor"), [("co", 1.145), ("no2", 1.880), ("so2", 2.618), ("o3", 1.962), ("ch2o", 1.227)]
)
def test_a_part_in_a_billion_at_25_degrees_weighs_what_tables_say(gas: str, factor: float) -> None:
    """Factors as in WHO's and the EU's air quality tables, stated for 25 °C and 1013 hPa."""
    assert micrograms(gas, 1000, celsius=25, hectopascals=1013.25) / 1000 == pytest.approx(factor, abs=0.003)


def test_every_gas_is_a_quantity_of_the_driver() -> None:
    assert {quantity.name for quantity in WinsenZe.quantities} == set(MOLAR_MASSES)


def test_the_manuals_example_is_stated_for_freezing_point_by_the_module_itself() -> None:
    (record,) = shared("winsen_ze.jsonl")
    frame = bytes.fromhex(record["hex"])
    (at_25,) = play(WinsenZe(gas="ch2o"), [frame])
    (at_0,) = play(WinsenZe(gas="ch2o", temperature=0), [frame])
    assert at_25.values["ch2o"] == pytest.approx(record["expect"]["ch2o_ppb"] * 1.227, abs=0.1)
    assert at_0.values["ch2o"] == pytest.approx(record["expect"]["ch2o_ug_m3"], abs=1)


def test_carbon_monoxide_in_tenths_of_a_ppm() -> None:
    (found,) = play(WinsenZe(gas="co", unit="0.1ppm"), [_CO_TENTHS])
    assert found.values == {"co": micrograms("co", 2_500, celsius=25, hectopascals=1013.25)}


def test_without_a_gas_there_is_no_driver() -> None:
    with pytest.raises(BadOption, match="gas: must be given"):
        WinsenZe()
