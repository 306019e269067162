"""Sensors on pseudo-terminals, read and asked by a real serial port."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import serial

from simulation.devices.mhz19b import Mhz19b
from simulation.devices.replay import PolledReplay, Replay
from simulation.devices.sds011 import Sds011
from simulation.faults import Faults
from simulation.sensors import Emission, Terminal, plugged

CAPTURES = Path(__file__).parents[3] / "shared" / "data" / "serial"
READ_CO2 = bytes.fromhex("ff0186000000000079")


def port(link: Path) -> serial.Serial:
    return serial.Serial(str(link), 9600, timeout=20)


def captured(name: str) -> list[bytes]:
    path = CAPTURES / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [bytes.fromhex(row["hex"]) for row in rows if row["kind"] == "captured"]


async def test_frames_read_from_the_port_are_those_of_the_ledger(tmp_path: Path) -> None:
    ledger: list[Emission] = []
    async with plugged(Sds011(1), tmp_path / "dust", ledger=ledger.append) as link:
        with port(link) as opened:
            heard = await asyncio.to_thread(opened.read, 20)
    assert heard == b"".join(emission.sent for emission in ledger[:2])
    assert [emission.intact for emission in ledger[:2]] == [True, True]
    assert set(ledger[0].frame.values) == {"pm2_5", "pm10"}


async def test_a_polled_sensor_answers_between_garbage(tmp_path: Path) -> None:
    ledger: list[Emission] = []
    async with plugged(Mhz19b(1), tmp_path / "co2", ledger=ledger.append) as link:
        with port(link) as opened:
            opened.write(b"\x00garbage" + READ_CO2)
            first = await asyncio.to_thread(opened.read, 9)
            opened.write(READ_CO2[:4])
            opened.write(READ_CO2[4:])
            second = await asyncio.to_thread(opened.read, 9)
    assert [first, second] == [emission.frame.raw for emission in ledger]


async def test_a_port_may_be_closed_and_opened_again(tmp_path: Path) -> None:
    async with plugged(Mhz19b(1), tmp_path / "co2") as link:
        for _ in range(3):
            with port(link) as opened:
                opened.write(READ_CO2)
                assert len(await asyncio.to_thread(opened.read, 9)) == 9


async def test_the_symlink_replaces_a_stale_one_and_goes_at_the_end(tmp_path: Path) -> None:
    link = tmp_path / "dust"
    link.symlink_to("/dev/pts/stale")
    async with plugged(Sds011(1), link):
        assert link.is_char_device()
    assert not link.is_symlink()


async def test_a_symlink_that_was_taken_over_is_left_alone(tmp_path: Path) -> None:
    link = tmp_path / "dust"
    async with plugged(Sds011(1), link):
        link.unlink()
        link.symlink_to("/dev/null")
    assert link.readlink() == Path("/dev/null")


def test_a_port_that_nobody_reads_loses_frames_never_blocks_and_can_be_read_later(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "dust")
    try:
        sent = [terminal.send(bytes(10)) for _ in range(20_000)]
        assert sent[0] == bytes(10)
        assert sent[-1] == b""
        with port(terminal.link) as opened:
            assert terminal.send(b"fresh") == b"fresh"
            assert opened.read(5) == b"fresh"
    finally:
        terminal.close()


async def test_the_ledger_tells_what_faults_left_of_a_frame(tmp_path: Path) -> None:
    ledger: list[Emission] = []
    records = [(0.0, bytes(range(20)))] * 3
    async with plugged(Replay(records), tmp_path / "x", ledger=ledger.append, faults=Faults(1, lose=1.0)) as link:
        with port(link) as opened:
            heard = await asyncio.to_thread(opened.read, 57)
    assert heard == b"".join(emission.sent for emission in ledger)
    assert not any(emission.intact for emission in ledger)


async def test_a_capture_is_replayed_in_its_order(tmp_path: Path) -> None:
    frames = captured("sds011")
    async with plugged(Replay([(10.0, frame) for frame in frames], scale=0.001), tmp_path / "dust") as link:
        with port(link) as opened:
            heard = await asyncio.to_thread(opened.read, sum(map(len, frames)))
    assert heard == b"".join(frames)


async def test_each_poll_gets_the_next_captured_answer(tmp_path: Path) -> None:
    answers = captured("mhz19b")
    heard = []
    async with plugged(PolledReplay(READ_CO2, answers), tmp_path / "co2") as link:
        with port(link) as opened:
            for answer in answers:
                opened.write(b"\x00" + READ_CO2)
                heard.append(await asyncio.to_thread(opened.read, len(answer)))
    assert heard == answers


def test_a_replay_keeps_the_cadence_at_its_scale_and_ends() -> None:
    replay = Replay([(1.0, b"a"), (2.5, b"b"), (0.5, b"c")], scale=2.0)
    said = []
    while (now := replay.due) < 100:
        said.append((now, replay.speak(now)[0].raw))
    assert said == [(2.0, b"a"), (7.0, b"b"), (8.0, b"c")]


def test_a_polled_replay_knows_a_poll_in_parts_and_falls_silent_at_the_end() -> None:
    replay = PolledReplay(b"poll", [b"one", b"two"])
    assert replay.hear(b"xxpo", 0.0) == ()
    assert [frame.raw for frame in replay.hear(b"ll", 0.0)] == [b"one"]
    assert [frame.raw for frame in replay.hear(b"pollpoll", 0.0)] == [b"two"]
