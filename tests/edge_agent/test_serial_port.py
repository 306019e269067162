"""A serial sensor on a pseudo-terminal, with the real port, the real drivers and rude cables."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from drivers.sds011 import Sds011
from edge_agent.errors import SourceLost
from edge_agent.serial_config import SerialSensor
from edge_agent.sources import serial_port as serial_port_module
from edge_agent.sources.duty import DutyCycle
from edge_agent.sources.serial_port import SerialPort
from edge_agent.supervisor import Supervisor
from edge_agent.taken import Taken
from service import backoff
from service.progress import Progress
from tests.support.ptys import Plug, mhz19b, plugged, sds011
from tests.support.waiting import until

_PATIENCE = 15.0


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    with plugged(tmp_path / "usb-dust") as device:
        yield device


def _sensor(plug: Plug, driver: str = "sds011", **more: float) -> SerialPort:
    settings = SerialSensor.model_validate({"sensor": "dust", "driver": driver, "port": str(plug.link), **more})
    return SerialPort(settings, Progress())


class Heard:
    """What a source yields, in a queue."""

    def __init__(self, source: SerialPort) -> None:
        self.source = source
        self.queue: asyncio.Queue[Taken] = asyncio.Queue(1000)
        self.task = asyncio.create_task(self._listen(), name="heard")

    async def _listen(self) -> None:
        async with aclosing(self.source.readings()) as readings:
            async for taken in readings:
                self.queue.put_nowait(taken)

    async def next(self) -> Taken:
        async with asyncio.timeout(_PATIENCE):
            return await self.queue.get()

    async def values(self, count: int = 1) -> list[float]:
        return [(await self.next()).measurement.values["pm2_5"] for _ in range(count)]

    async def over(self) -> None:
        async with asyncio.timeout(_PATIENCE):
            await self.task


@asynccontextmanager
async def _open(source: SerialPort) -> AsyncIterator[Heard]:
    """Open a source and listen to it."""
    async with source:
        heard = Heard(source)
        try:
            yield heard
        finally:
            source.end()
            await asyncio.gather(heard.task, return_exceptions=True)


async def test_frames_become_readings_with_the_time_of_their_arrival(plug: Plug):
    async with _open(_sensor(plug)) as heard:
        plug.say(sds011(12.3, 20.1))
        first = await heard.next()
        plug.say(sds011(12.4, 20.2))
        second = await heard.next()
    assert dict(first.measurement.values) == {"pm2_5": 12.3, "pm10": 20.1}
    assert dict(second.measurement.values) == {"pm2_5": 12.4, "pm10": 20.2}
    assert (first.sensor, second.sensor) == ("dust", "dust")
    assert first.at < second.at
    assert heard.source.vitals.frames == 2
    assert heard.source.vitals.frame_age() is not None


async def test_the_sensor_is_greeted_when_its_port_is_opened(plug: Plug):
    async with _open(_sensor(plug)):
        assert await asyncio.to_thread(plug.heard, len(Sds011.opening)) == Sds011.opening


async def test_the_sensor_is_taken_leave_of_when_its_port_is_closed(plug: Plug, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Sds011, "opening", b"")
    monkeypatch.setattr(Sds011, "closing", b"good night")
    async with _open(_sensor(plug)):
        pass
    assert await asyncio.to_thread(plug.heard, 10) == b"good night"


async def test_a_frame_may_come_byte_by_byte(plug: Plug):
    async with _open(_sensor(plug)) as heard:
        for byte in sds011(12.3, 20.1) + sds011(45.6, 78.9):
            plug.say(bytes([byte]))
            await asyncio.sleep(0.002)
        assert await heard.values(2) == [12.3, 45.6]


async def test_many_frames_at_once_are_all_heard_in_their_order(plug: Plug):
    async with _open(_sensor(plug)) as heard:
        plug.say(b"".join(sds011(value / 10, 1.0) for value in range(1, 201)))
        assert await heard.values(200) == [value / 10 for value in range(1, 201)]


async def test_garbage_between_frames_is_counted_and_is_no_reading(plug: Plug):
    noise = random.Random(7).randbytes(900).replace(b"\xaa\xc0", b"..")
    async with _open(_sensor(plug)) as heard:
        plug.say(noise + sds011(12.3, 20.1) + noise + sds011(45.6, 78.9))
        assert await heard.values(2) == [12.3, 45.6]
        assert heard.queue.empty()
    assert sum(heard.source.vitals.rejected.values()) > 0


async def test_a_polled_sensor_is_asked_and_its_answer_read(plug: Plug):
    async with _open(_sensor(plug, "mhz19b", poll_seconds=0.05)) as heard:
        for co2 in (418, 1893):
            asked = await asyncio.to_thread(plug.heard, 9)
            assert asked == bytes.fromhex("ff0186000000000079")
            plug.say(mhz19b(co2))
            assert (await heard.next()).measurement.values["co2"] == co2


async def test_a_polled_sensor_that_does_not_answer_is_asked_again(plug: Plug):
    async with _open(_sensor(plug, "mhz19b", poll_seconds=0.05)) as heard:
        for _ in range(3):
            await asyncio.to_thread(plug.heard, 9)
        plug.say(mhz19b(418))
        assert (await heard.next()).measurement.values["co2"] == 418


async def test_half_an_answer_does_not_merge_with_the_next(plug: Plug):
    async with _open(_sensor(plug, "mhz19b", poll_seconds=0.05)) as heard:
        await asyncio.to_thread(plug.heard, 9)
        plug.say(mhz19b(418)[:5])
        for _ in range(2):
            await asyncio.to_thread(plug.heard, 9)
        plug.say(mhz19b(500))
        assert (await heard.next()).measurement.values["co2"] == 500


async def test_an_unplugged_port_is_lost_with_a_question(plug: Plug):
    async with _open(_sensor(plug)) as heard:
        plug.say(sds011(12.3, 20.1))
        await heard.next()
        plug.unplug()
        with pytest.raises(SourceLost, match=r"usb-dust is gone.*is it unplugged"):
            await heard.over()


async def test_a_polled_port_that_is_unplugged_is_lost_too(plug: Plug):
    async with _open(_sensor(plug, "mhz19b", poll_seconds=0.01)) as heard:
        await asyncio.to_thread(plug.heard, 9)
        plug.unplug()
        with pytest.raises(SourceLost, match="is it unplugged"):
            await heard.over()


async def test_a_silent_port_is_lost_with_what_to_check(plug: Plug, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serial_port_module, "_PATIENCE", 0.2)
    async with _open(_sensor(plug, poll_seconds=0.01)) as heard:
        with pytest.raises(SourceLost, match=r"said nothing for 0 s; check the sensor's power and the wiring"):
            await heard.over()


async def test_a_slow_sensor_gets_ten_times_its_pace_to_speak(plug: Plug, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serial_port_module, "_PATIENCE", 0.01)
    async with _open(_sensor(plug, "mhz19b", poll_seconds=1000)) as heard:
        done, _ = await asyncio.wait([heard.task], timeout=0.5)
        assert not done


async def test_bytes_that_are_no_frames_name_the_line_settings(plug: Plug, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serial_port_module, "_PATIENCE", 0.3)
    async with _open(_sensor(plug, poll_seconds=0.01, baud=115200)) as heard:
        vitals = heard.source.vitals
        async with asyncio.timeout(_PATIENCE):
            while vitals.state != "unreadable":
                plug.say(b"\x55" * 40)
                await asyncio.sleep(0.05)
        assert "is it really a sds011, and does its line run at 115200 8N1?" in vitals.why
        assert "rejected: noise" in vitals.why
        assert not heard.task.done()
        plug.say(sds011(12.3, 20.1))
        assert await heard.values() == [12.3]


async def test_the_complaint_is_made_once(
    plug: Plug, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(serial_port_module, "_PATIENCE", 0.05)
    async with _open(_sensor(plug, poll_seconds=0.001)) as heard:
        for _ in range(30):
            plug.say(b"\x55" * 40)
            await asyncio.sleep(0.02)
        assert heard.source.vitals.state == "unreadable"
    assert sum("no valid frame" in record.getMessage() for record in caplog.records) == 1


async def test_ending_lets_the_readings_end_without_an_error(plug: Plug):
    async with _open(_sensor(plug)) as heard:
        plug.say(sds011(12.3, 20.1))
        await heard.next()
        heard.source.end()
        await heard.over()


async def test_nothing_runs_while_nothing_is_heard(plug: Plug, monkeypatch: pytest.MonkeyPatch):
    """An idle port costs nothing: no thread waits for it and no loop polls it."""
    turns = Counter[str]()
    monkeypatch.setattr(Progress, "turn", lambda _, loop: turns.update([loop]))
    threads = {thread.name for thread in threading.enumerate()}
    async with _open(_sensor(plug)):
        await asyncio.sleep(0.7)
        assert turns["dust"] == 1
        assert not [t for t in threading.enumerate() if t.name not in threads and "asyncio" not in t.name]


async def test_half_a_frame_before_unplugging_is_not_completed_after_it(plug: Plug):
    """The tail of a later frame must not turn the head of an old one into a reading of now."""
    source = _sensor(plug)
    old = sds011(12.3, 20.1)
    async with _open(source):
        plug.say(old[:9])
        await until(lambda: source.driver.scanner.held == 9)
    plug.unplug()
    plug.plug_in()
    source = _reopened(source)
    async with _open(source) as heard:
        plug.say(old[9:] + sds011(45.6, 78.9))
        assert await heard.values() == [45.6]
    assert source.vitals.rejected["length"] == 1


def _reopened(source: SerialPort) -> SerialPort:
    """Return the same source, which the supervisor opens again without having ended it."""
    source._ending = False
    return source


async def test_progress_is_told_while_nothing_is_heard(plug: Plug, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serial_port_module, "_TURN", 0.05)
    progress = Counter[str]()

    class Counting(Progress):
        def turn(self, loop: str) -> None:
            progress[loop] += 1

    settings = SerialSensor(sensor="dust", driver="sds011", port=str(plug.link))
    async with _open(SerialPort(settings, Counting())):
        await until(lambda: progress["dust"] >= 3)


async def test_the_supervisor_opens_the_port_again_through_its_name(plug: Plug, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backoff, "SHORTEST", 0.0)
    monkeypatch.setattr("edge_agent.supervisor._LONGEST_WAIT", 0.05)
    heard: asyncio.Queue[Taken] = asyncio.Queue(100)
    source = _sensor(plug)
    supervisor = Supervisor(source, heard.put, Progress())
    running = asyncio.create_task(supervisor.run(), name="supervisor")

    async def value() -> float:
        async with asyncio.timeout(_PATIENCE):
            return (await heard.get()).measurement.values["pm2_5"]

    async def turns(state: str, why: str = "") -> None:
        await until(lambda: source.vitals.state == state and why in source.vitals.why)

    for reading in (12.3, 45.6, 78.9):
        await turns("open")
        plug.say(sds011(reading, 1.0))
        assert await value() == reading
        await turns("live")
        plug.unplug()
        await turns("lost", "does not exist")
        plug.plug_in()
    assert source.vitals.restarts >= 3
    source.end()
    async with asyncio.timeout(_PATIENCE):
        await running
    assert source.vitals.state == "ended"


async def test_a_sensor_that_sleeps_at_times_is_woken_and_put_to_sleep(plug: Plug):
    source = _sensor(plug, wake_every=60, awake_seconds=31)
    assert source._duty is not None
    source._duty = DutyCycle(every=0.6, awake=0.3)
    async with _open(source) as heard:
        assert await asyncio.to_thread(plug.heard, len(Sds011.opening)) == Sds011.opening
        plug.say(sds011(12.3, 20.1))
        assert await heard.values() == [12.3]
        assert await asyncio.to_thread(plug.heard, len(Sds011.sleep)) == Sds011.sleep
        await until(lambda: source.vitals.state == "asleep")
        assert await asyncio.to_thread(plug.heard, len(Sds011.wake)) == Sds011.wake
        await until(lambda: source.vitals.wakes == 2)
        plug.say(sds011(45.6, 78.9))
        assert await heard.values() == [45.6]
    assert source.vitals.awake_since is None
