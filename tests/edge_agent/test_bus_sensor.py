"""Several Modbus devices on one pseudo-terminal: each is asked by its address, and none speaks for another."""

from __future__ import annotations

import asyncio
import os
import select
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from drivers.parts.checksum import crc16_modbus
from edge_agent.errors import SourceLost
from edge_agent.serial_config import SerialSensor
from edge_agent.sources import bus_sensor
from edge_agent.sources.bus_sensor import BusSensor
from edge_agent.sources.serial_sensors import sources
from edge_agent.taken import Taken
from service.progress import Progress
from tests.support.waiting import until

WIND, RAIN, CLIMATE = 1, 2, 3
REGISTERS = {WIND: (121,), RAIN: (536,), CLIMATE: (273, 626)}
DRIVERS = {WIND: "xm8589", RAIN: "xm9505", CLIMATE: "rs485_th"}


def frame(body: bytes) -> bytes:
    return body + crc16_modbus(body).to_bytes(2, "little")


def answer(address: int, registers: tuple[int, ...]) -> bytes:
    data = b"".join(register.to_bytes(2, "big") for register in registers)
    return frame(bytes((address, 3, len(data))) + data)


class Line:
    """Slaves behind a pseudo-terminal; `answers` says what comes back to a request of an address."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.answers: dict[int, Callable[[], bytes]] = {
            address: lambda address=address: answer(address, REGISTERS[address])  # type: ignore[misc]
            for address in REGISTERS
        }
        self.asked: list[int] = []
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        link.symlink_to(os.ttyname(self.slave))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="slaves")
        self._thread.start()

    def _serve(self) -> None:
        while not self._over.is_set():
            if select.select([self.master], [], [], 0.05)[0]:
                request = os.read(self.master, 256)
                assert len(request) == 8, "one request at a time"
                assert request == frame(request[:6])
                self.asked.append(request[0])
                os.write(self.master, self.answers.get(request[0], bytes)())

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    slaves = Line(tmp_path / "rs485")
    yield slaves
    slaves.close()


def sensors(line: Line, *addresses: int, every: float = 0.05) -> list[BusSensor]:
    settings = [
        SerialSensor(
            sensor=f"s{address}",
            driver=DRIVERS[address],
            port=str(line.link),
            poll_seconds=every,
            options={"address": address},
        )
        for address in addresses
    ]
    return [source for source in sources(settings, Progress()) if isinstance(source, BusSensor)]


async def taken(sensor: BusSensor, count: int) -> list[Taken]:
    found: list[Taken] = []
    async with asyncio.timeout(15), sensor, aclosing(sensor.readings()) as readings:
        async for each in readings:
            found.append(each)
            if len(found) == count:
                break
    return found


async def test_three_devices_on_one_line_are_all_read(line: Line) -> None:
    wind, rain, climate = await asyncio.gather(*(taken(sensor, 4) for sensor in sensors(line, WIND, RAIN, CLIMATE)))
    assert {said.measurement.values["wind_speed"] for said in wind} == {12.1}
    assert {said.measurement.values["rain"] for said in rain} == {0.0}
    assert [dict(said.measurement.values) for said in climate] == [{"temperature": 27.3, "humidity": 62.6}] * 4
    assert (wind[0].sensor, rain[0].sensor) == ("s1", "s2")
    assert set(line.asked) == {WIND, RAIN, CLIMATE}


async def test_a_device_that_answers_for_another_is_not_believed(line: Line) -> None:
    line.answers[WIND] = lambda: answer(RAIN, REGISTERS[RAIN])
    (wind,) = sensors(line, WIND)
    with pytest.raises(SourceLost, match="another device answers when 1 is asked; do two have one address"):
        await taken(wind, 1)
    assert wind.vitals.rejected["not-asked"] == 1
    assert wind.vitals.frames == 0


async def test_a_device_that_does_not_answer_is_lost_and_the_others_go_on(line: Line) -> None:
    del line.answers[WIND]
    wind, climate = sensors(line, WIND, CLIMATE)
    lost, heard = await asyncio.gather(taken(wind, 1), taken(climate, 5), return_exceptions=True)
    assert isinstance(lost, SourceLost)
    assert "device 1 on" in str(lost)
    assert "that A and B are not swapped, and that it runs at 9600 8N1" in str(lost)
    assert isinstance(heard, list)
    assert len(heard) == 5


async def test_a_device_that_answered_before_may_miss_two_rounds(line: Line) -> None:
    good, silent = line.answers[WIND], iter([False, True, True, False, False])
    line.answers[WIND] = lambda: b"" if next(silent, False) else good()
    (wind,) = sensors(line, WIND)
    assert len(await taken(wind, 3)) == 3
    assert bus_sensor._MISSES == 3


async def test_a_late_answer_is_not_taken_for_the_next_devices(line: Line) -> None:
    """Two devices of the same kind: the bytes of one, still on the line, must not become the other's."""
    line.answers[WIND] = lambda: answer(WIND, (10,)) + answer(WIND, (20,))
    line.answers[RAIN] = lambda: answer(RAIN, (30,))
    wind, rain = sensors(line, WIND, RAIN)
    heard, counted = await asyncio.gather(taken(wind, 6), taken(rain, 6))
    assert {said.measurement.values["rain"] for said in counted} == {0.0}
    assert {said.measurement.values["wind_speed"] for said in heard} <= {1.0, 2.0}


async def test_ending_ends_the_readings_between_two_rounds(line: Line) -> None:
    (wind,) = sensors(line, WIND, every=60)
    async with asyncio.timeout(10), wind, aclosing(wind.readings()) as readings:
        assert (await anext(readings)).measurement.values == {"wind_speed": 12.1}
        wind.end()
        assert [said async for said in readings] == []


async def test_the_port_stays_open_as_long_as_one_device_is_read(line: Line) -> None:
    wind, climate = sensors(line, WIND, CLIMATE)
    async with asyncio.timeout(15), wind:
        assert len(await taken(climate, 1)) == 1
        async with aclosing(wind.readings()) as readings:
            assert (await anext(readings)).measurement.values == {"wind_speed": 12.1}


async def test_a_line_that_is_unplugged_is_lost_for_all(tmp_path: Path, line: Line) -> None:
    class Gone(Exception):
        pass

    wind, climate = sensors(line, WIND, CLIMATE)

    async def until_lost(sensor: BusSensor) -> str:
        try:
            await taken(sensor, 10_000)
        except SourceLost as error:
            return str(error)
        raise Gone

    both = asyncio.gather(until_lost(wind), until_lost(climate))
    await until(lambda: len(line.asked) >= 4)
    line._over.set()
    await asyncio.to_thread(line._thread.join)
    os.close(line.slave)
    os.close(line.master)
    line.master, line.slave = os.openpty()
    words = await both
    assert any("is it unplugged" in said for said in words)
    assert all("is it unplugged" in said or "was lost" in said or "does not answer" in said for said in words)
