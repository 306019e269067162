"""A sensor that sleeps at times: when it is woken, and what is remembered of its life."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge_agent.ledger import Entry, Ledger
from edge_agent.sources.duty import Command, DutyCycle
from edge_agent.sources.source import Vitals


def test_a_sensor_is_awake_for_a_while_and_sleeps_in_between() -> None:
    duty = DutyCycle(every=300, awake=60)
    duty.begin(1000)
    told = []
    now, heard = 1000.0, 1001.0
    while now < 1900:
        if command := duty.due(now, heard):
            told.append((now, command))
        heard = now + 1 if duty.is_awake else heard
        now += 1
    assert told == [
        (1060, Command.SLEEP), (1300, Command.WAKE), (1360, Command.SLEEP), (1600, Command.WAKE), (1660, Command.SLEEP),
    ]  # fmt: skip


def test_a_sensor_that_does_not_wake_is_woken_again_until_it_speaks() -> None:
    duty = DutyCycle(every=300, awake=60)
    duty.begin(0)
    assert duty.due(60, 59) is Command.SLEEP
    told = [now for now in range(61, 320) if duty.due(now, heard=59) is Command.WAKE]
    assert told == [300, 305, 310, 315]
    assert duty.due(320, heard=319) is None


def test_a_cycle_that_was_slept_over_is_not_made_up_for() -> None:
    duty = DutyCycle(every=300, awake=60)
    duty.begin(0)
    duty.due(60, 59)
    assert duty.due(1000, 59) is Command.WAKE
    assert duty.due(1001, 1000.5) is Command.SLEEP, "the cycle of 900 ends at 960"


@pytest.mark.parametrize(("now", "pause"), [(0, 5), (57, 0), (60, 0)])
def test_nothing_needs_to_be_done_before_the_pause_is_over(now: float, pause: float) -> None:
    duty = DutyCycle(every=300, awake=60)
    duty.begin(0)
    assert duty.pause(now) == pause
    duty.due(60, 59)
    assert duty.pause(100) == 200


def life(now: list[float]) -> Vitals:
    return Vitals("dust", monotonic=lambda: now[0])


def test_the_hours_of_a_laser_outlast_the_agent(tmp_path: Path) -> None:
    now = [0.0]
    first = life(now)
    memory = {"weather.rain": 812.0}
    ledger = Ledger(tmp_path / "ledger.json", [Entry(first, memory)])
    ledger.restore()
    first.woke()
    now[0] = 60.0
    first.slept()
    now[0] = 300.0
    first.woke()
    now[0] = 330.0
    ledger.write()
    assert json.loads((tmp_path / "ledger.json").read_text())["dust"] == {
        "awake_s": 90, "wakes": 2, "counts": {"weather.rain": 812.0},
    }  # fmt: skip
    second, remembered = life([1000.0]), dict[str, float]()
    Ledger(tmp_path / "ledger.json", [Entry(second, remembered)]).restore()
    assert (second.awake(), second.wakes, remembered) == (90.0, 2, memory)
    second.woke()
    assert second.wakes == 3


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"dust": 5}', '{"dust": {"awake_s": "x", "wakes": -1, "counts": 3}}', "\x00"]
)
def test_a_damaged_ledger_begins_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "ledger.json").write_text(text)
    vitals = life([0.0])
    ledger = Ledger(tmp_path / "ledger.json", [Entry(vitals, {})])
    ledger.restore()
    assert (vitals.awake(), vitals.wakes) == (0.0, 0)
    ledger.write()
    assert json.loads((tmp_path / "ledger.json").read_text())["dust"]["wakes"] == 0


def test_a_disk_that_refuses_is_told_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Ledger(tmp_path / "none" / "ledger.json", [Entry(life([0.0]), {})]).write()
    assert "cannot be written" in caplog.text
