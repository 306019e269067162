"""The agent's own health and that of its sources, as readings that a hub takes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from drivers.driver import CAUSES
from edge_agent.delivery.facts import Held
from edge_agent.sources.health import Health
from edge_agent.sources.source import Vitals
from edge_agent.taken import Taken
from telemetry.check import TimeWindow, check
from telemetry.line import format_line
from telemetry.reading import Reading
from tests.support.spooling import PLACE

_HELD = Held(batches=3, readings=250, bytes=6_400, undated=17)


@asynccontextmanager
async def _said(
    tmp_path: Path, watched: Sequence[Vitals] = (), *, every: float = 0.01
) -> AsyncIterator[AsyncIterator[Taken]]:
    health = Health(every, tmp_path / "spool", lambda: _HELD, watched)
    async with asyncio.timeout(10), health, aclosing(health.readings()) as readings:
        yield readings


async def test_the_agent_says_how_its_machine_and_its_spool_are(tmp_path: Path):
    async with _said(tmp_path) as readings:
        taken = await anext(readings)
    values = taken.measurement.values
    assert taken.sensor == "agent"
    assert set(values) - {"temperature"} == {
        "cpu", "memory", "disk", "rss", "uptime", "spool_batches", "spool_readings", "spool_bytes",
    }  # fmt: skip
    assert (values["spool_batches"], values["spool_readings"], values["spool_bytes"]) == (3, 267, 6_400)
    assert 0 < values["memory"] < 100
    assert 0 <= values["disk"] <= 100
    assert values["rss"] > 1


async def test_each_source_is_told_under_its_own_name(tmp_path: Path):
    now = [100.0]
    dust = Vitals("dust", monotonic=lambda: now[0], rejected=Counter(noise=3, checksum=4), restarts=2)
    dust.frame()
    dust.frame()
    now[0] = 107.5
    async with _said(tmp_path, [dust, Vitals("co2")]) as readings:
        told = [await anext(readings) for _ in range(3)]
    assert [t.sensor for t in told] == ["agent", "dust", "co2"]
    assert dict(told[1].measurement.values) == {
        "frames": 2, "rejected": 7, "rejected_noise": 3, "rejected_checksum": 4, "restarts": 2, "frame_age": 7.5,
    }  # fmt: skip
    assert dict(told[2].measurement.values) == {"frames": 0, "rejected": 0, "restarts": 0}


async def test_how_long_a_sensor_was_switched_on_is_told(tmp_path: Path):
    now = [100.0]
    dust = Vitals("dust", monotonic=lambda: now[0], awake_before=7_200, wakes=41)
    dust.woke()
    now[0] = 1_900.0
    async with _said(tmp_path, [dust]) as readings:
        told = [await anext(readings) for _ in range(2)]
    assert (told[1].measurement.values["awake"], told[1].measurement.values["wakes"]) == (2.5, 42)


async def test_every_health_reading_is_one_that_a_hub_takes(tmp_path: Path):
    every_cause = Counter(dict.fromkeys(CAUSES, 1))
    async with _said(tmp_path, [Vitals("dust", rejected=every_cause, wakes=1)]) as readings:
        told = [await anext(readings) for _ in range(2)]
    assert len(told[1].measurement.values) == 5 + len(CAUSES)
    lines = [format_line(PLACE, Reading(t.sensor, t.measurement, 1_770_000_000_000, 0)) for t in told]
    checked = check(PLACE, ("\n".join(lines) + "\n").encode(), TimeWindow(0, 2**62))
    assert checked.dead == ()


async def test_health_is_said_again_and_again_until_the_end(tmp_path: Path):
    health = Health(0.01, tmp_path / "spool", lambda: _HELD, [])
    async with asyncio.timeout(10), health:
        count = 0
        async for _ in health.readings():
            count += 1
            if count == 5:
                health.end()
    assert count == 5


async def test_an_end_during_the_pause_ends_it(tmp_path: Path):
    health = Health(3600, tmp_path / "spool", lambda: _HELD, [])
    async with asyncio.timeout(10), health, aclosing(health.readings()) as readings:
        await anext(readings)
        health.end()
        assert [t async for t in readings] == []


async def test_the_first_reading_does_not_wait_for_the_whole_pace(tmp_path: Path):
    async with _said(tmp_path, every=3600) as readings:
        assert (await anext(readings)).sensor == "agent"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"cpu_thermal": [SimpleNamespace(current=61.24)]}, 61.2),
        ({"nvme": [SimpleNamespace(current=30.0)], "k10temp": [SimpleNamespace(current=55.0)]}, 55.0),
        ({"nvme": [SimpleNamespace(current=30.0)]}, None),
        ({"coretemp": []}, None),
        ({}, None),
    ],
)
async def test_the_temperature_is_the_cpus_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: dict[str, list[SimpleNamespace]], expected: float | None
):
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: told, raising=False)
    async with _said(tmp_path) as readings:
        values = (await anext(readings)).measurement.values
    assert values.get("temperature") == expected


async def test_a_source_that_lost_its_clock_of_frames_has_no_age(tmp_path: Path):
    async with _said(tmp_path, [Vitals("dust", frames=3)]) as readings:
        await anext(readings)
        assert "frame_age" not in (await anext(readings)).measurement.values
