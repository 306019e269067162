"""Every surface keeps its contract whatever comes: changed, structured and random bytes, and what costs most."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.strategies import inputs
from tests.fuzz.surfaces import SURFACES

EXAMPLES = os.environ.get("SIMPANG_FUZZ_EXAMPLES")
"""How many examples `make fuzz` wants of each surface; `make test` takes few."""

_FEW = 100
_MEGABYTE = 1 << 20
_MOST_MEMORY = 32 * _MEGABYTE
_REGRESSIONS = Path(__file__).parent / "regressions"
_KEPT = sorted(path for path in _REGRESSIONS.rglob("*") if path.is_file())

every_surface = pytest.mark.parametrize("name", SURFACES)


@every_surface
def test_no_bytes_break_the_contract(name: str) -> None:
    surface = SURFACES[name]
    examples = int(EXAMPLES) if EXAMPLES else int(_FEW * surface.share)

    @settings(deadline=None, max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(inputs(surface))
    def holds(data: bytes) -> None:
        surface.check(data)

    holds()


@every_surface
def test_sound_inputs_are_read(name: str) -> None:
    surface = SURFACES[name]
    for seed in surface.seeds():
        surface.check(seed)


@every_surface
def test_what_is_meant_to_cost_much_keeps_the_contract_in_little_memory(name: str) -> None:
    surface = SURFACES[name]
    for data in surface.heavy():
        surface.check(data)
        assert surface.memory(data) < _MOST_MEMORY


@pytest.mark.parametrize("path", _KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_once_failed_does_not_again(path: Path) -> None:
    SURFACES[path.parent.name].check(path.read_bytes())


def test_every_kept_input_belongs_to_a_surface() -> None:
    assert {path.parent.name for path in _KEPT} <= set(SURFACES)
