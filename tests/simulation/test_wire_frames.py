"""Simulated frames against the makers' examples and checksum arithmetic written out here once more."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import reduce
from itertools import pairwise
from math import inf
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.devices.device import Device
from simulation.devices.mhz19b import Mhz19b
from simulation.devices.nmea import Nmea
from simulation.devices.pmsx003 import Pmsx003
from simulation.devices.sds011 import Sds011
from simulation.devices.wander import Wander

READ_CO2 = bytes.fromhex("ff0186000000000079")
SDS_QUERY_MODE = bytes.fromhex("aab402010100000000000000000000ffff02ab")
SDS_ACTIVE_MODE = bytes.fromhex("aab402010000000000000000000000ffff01ab")
SDS_QUERY = bytes.fromhex("aab404000000000000000000000000ffff02ab")
SDS_SLEEP = bytes.fromhex("aab406010000000000000000000000ffff05ab")
SDS_WAKE = bytes.fromhex("aab406010100000000000000000000ffff06ab")
PMS_PASSIVE = bytes.fromhex("424de100000170")
PMS_ACTIVE = bytes.fromhex("424de100010171")
PMS_READ = bytes.fromhex("424de200000171")
PMS_SLEEP = bytes.fromhex("424de400000173")
PMS_WAKE = bytes.fromhex("424de400010174")


def steady(value: float) -> Wander:
    return Wander("steady", low=value, high=value)


def spoken(device: Device, seconds: float) -> list[tuple[float, bytes, dict[str, float]]]:
    """Return what a device says by itself within some seconds: when, bytes, values."""
    said = []
    while (now := device.due) <= seconds:
        said += [(now, frame.raw, dict(frame.values)) for frame in device.speak(now)]
    return said


def test_sds011_makes_the_frame_of_the_makers_example() -> None:
    sensor = Sds011(fine=steady(123.6), coarse=steady(138.2))
    (frame,) = sensor.speak(1.0)
    assert frame.raw == bytes.fromhex("aac0d4043a0aa1601dab")
    assert frame.values == {"pm2_5": 123.6, "pm10": 261.8}


def test_sds011_frames_come_each_second_and_add_up() -> None:
    said = spoken(Sds011(3), 300)
    assert [when for when, _, _ in said] == pytest.approx(range(1, 301))
    for _, raw, values in said:
        assert (len(raw), raw[:2], raw[9]) == (10, b"\xaa\xc0", 0xAB)
        assert raw[8] == (raw[2] + raw[3] + raw[4] + raw[5] + raw[6] + raw[7]) % 256
        assert values["pm2_5"] == (raw[2] + 256 * raw[3]) / 10
        assert values["pm10"] == (raw[4] + 256 * raw[5]) / 10
    assert len({raw for _, raw, _ in said}) > 50


def test_sds011_in_query_mode_speaks_only_when_asked() -> None:
    sensor = Sds011(3)
    (answer,) = sensor.hear(SDS_QUERY_MODE, 0.5)
    assert answer.raw == bytes.fromhex("aac502010100a16005ab")
    assert answer.values == {}
    assert sensor.due == inf
    (report,) = sensor.hear(SDS_QUERY, 9.0)
    assert report.raw[:2] == b"\xaa\xc0"
    sensor.hear(SDS_ACTIVE_MODE, 10.0)
    assert sensor.due == 11.0


def test_sds011_asleep_obeys_only_the_command_that_wakes_it() -> None:
    sensor = Sds011(3)
    assert len(sensor.hear(SDS_SLEEP, 0.5)) == 1
    assert sensor.due == inf
    assert sensor.hear(SDS_QUERY + SDS_ACTIVE_MODE, 1.0) == ()
    assert sensor.due == inf
    assert len(sensor.hear(SDS_WAKE, 2.0)) == 1
    assert sensor.due == 3.0


def test_pmsx003_frames_come_every_2_3_seconds_and_add_up() -> None:
    said = spoken(Pmsx003(3), 230.5)
    assert [when for when, _, _ in said] == pytest.approx([2.3 * number for number in range(1, 101)])
    for _, raw, values in said:
        assert (len(raw), raw[:4]) == (32, b"\x42\x4d\x00\x1c")
        assert raw[30] * 256 + raw[31] == sum(raw[:30])
        atmospheric = [raw[place] * 256 + raw[place + 1] for place in (10, 12, 14)]
        assert [values["pm1"], values["pm2_5"], values["pm10"]] == atmospheric
    assert len({raw for _, raw, _ in said}) > 5


def test_pmsx003_obeys_passive_read_sleep_and_wake() -> None:
    sensor = Pmsx003(3)
    (answer,) = sensor.hear(PMS_PASSIVE, 0.1)
    assert answer.raw == bytes.fromhex("424d0004e1000174")
    assert sensor.due == inf
    (report,) = sensor.hear(PMS_READ, 5.0)
    assert len(report.raw) == 32
    assert len(sensor.hear(PMS_SLEEP, 6.0)) == 1
    assert sensor.hear(PMS_READ, 7.0) == ()
    assert sensor.hear(PMS_WAKE + PMS_ACTIVE, 8.0)[0].raw[4:6] == b"\xe1\x01"
    assert sensor.due == pytest.approx(10.3)


def test_mhz19b_answers_a_poll_as_in_the_makers_manual() -> None:
    (answer,) = Mhz19b(level=steady(608)).hear(READ_CO2, 1.0)
    assert answer.raw == bytes.fromhex("ff86026047000000d1")
    assert answer.values == {"co2": 608}


@pytest.mark.parametrize("seconds", range(0, 3000, 60))
def test_mhz19b_answers_add_up(seconds: int) -> None:
    (answer,) = Mhz19b(3).hear(READ_CO2, float(seconds))
    raw = answer.raw
    assert (len(raw), raw[:2]) == (9, b"\xff\x86")
    assert raw[8] == (256 - sum(raw[1:8]) % 256) % 256
    assert answer.values["co2"] == raw[2] * 256 + raw[3]
    assert 400 <= answer.values["co2"] <= 800


def test_mhz19b_leaves_other_commands_and_wrong_checksums_unanswered() -> None:
    sensor = Mhz19b(3)
    assert sensor.hear(bytes.fromhex("ff0179a000000000e6"), 0.0) == ()
    assert sensor.hear(bytes.fromhex("ff0186000000000078"), 0.0) == ()
    assert sensor.due == inf


@pytest.mark.parametrize("start", [b"\xff\x01", b"\xff\x01\xff", READ_CO2[:8]])
def test_a_broken_command_does_not_swallow_the_whole_one_behind_it(start: bytes) -> None:
    assert len(Mhz19b(3).hear(start + READ_CO2, 1.0)) == 1


@given(noise=st.lists(st.binary(max_size=30), max_size=4), cut=st.integers(0, 9))
def test_mhz19b_finds_the_poll_after_any_garbage(noise: list[bytes], cut: int) -> None:
    sensor = Mhz19b(3)
    for piece in noise:
        sensor.hear(piece, 0.0)
    heard = [sensor.hear(READ_CO2, 1.0), sensor.hear(READ_CO2[:cut], 2.0), sensor.hear(READ_CO2[cut:], 2.0)]
    assert len(heard[1] + heard[2]) >= 1


def test_nmea_sentences_of_each_second_add_up() -> None:
    example = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"
    said = spoken(Nmea(3, utc=lambda: datetime(2025, 11, 22, 7, 8, 9, tzinfo=UTC)), 60)
    assert [raw[3:6] for _, raw, _ in said] == [b"RMC", b"GGA"] * 60
    for raw in (example, *(raw for _, raw, _ in said)):
        body, check = raw[1:-2].split(b"*")
        assert int(check, 16) == reduce(xor, body)
        assert raw.startswith(b"$")
        assert raw.endswith(b"\r\n")
        assert len(raw) <= 82


def test_nmea_says_the_values_of_its_ledger() -> None:
    receiver = Nmea(3, utc=lambda: datetime(2025, 11, 22, 7, 8, 9, tzinfo=UTC))
    rmc, gga = (frame for frame in receiver.speak(5.0))
    fields = gga.raw.decode().split("*")[0].split(",")
    assert fields[1] == "070809.00"
    assert rmc.raw.decode().split(",")[9] == "221125"
    assert gga.values["latitude"] == pytest.approx(-(int(fields[2][:2]) + float(fields[2][2:]) / 60))
    assert gga.values["longitude"] == pytest.approx(int(fields[4][:3]) + float(fields[4][3:]) / 60)
    assert (fields[3], fields[5], fields[6]) == ("S", "E", "1")
    assert [gga.values[name] for name in ("satellites", "hdop", "altitude")] == [float(fields[k]) for k in (7, 8, 9)]
    assert gga.values["latitude"] == pytest.approx(-6.2, abs=1e-4)


def test_values_wander_smoothly_within_their_bounds_and_repeat() -> None:
    walk = Wander("seed", low=10.0, high=20.0, period=100.0)
    values = [walk.at(second) for second in range(2000)]
    assert values == [Wander("seed", low=10.0, high=20.0, period=100.0).at(second) for second in range(2000)]
    assert min(values) >= 10.0
    assert max(values) <= 20.0
    assert max(values) - min(values) > 4.0
    assert max(abs(a - b) for a, b in pairwise(values)) < 1.0
