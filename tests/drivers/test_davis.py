"""Davis packets as captured, and what a station without its outdoor part says."""

from __future__ import annotations

from drivers.catalogue import load
from drivers.parts.checksum import crc16_xmodem
from drivers.parts.units import celsius
from tests.support.captures import play, shared, sound


def _heard(index: int) -> dict[str, float]:
    record = shared("davis_loop.jsonl")[index]
    (found,) = play(load("davis")(), [b"\x06" + bytes.fromhex(record["hex"])])
    return dict(found.values)


def test_a_console_without_an_outdoor_part_has_no_outdoor_values() -> None:
    """A widely used reader takes the dashes for 3276.7 °F, 255 mph and 655.35 inches an hour."""
    assert _heard(0) == {"pressure": round(31.572 * 33.8639, 2)}


def test_a_captured_packet_has_the_values_that_two_readers_found() -> None:
    derived = shared("davis_loop.jsonl")[1]["derived"]
    heard = _heard(1)
    assert heard["temperature"] == celsius(derived["outTemp_F"])
    assert heard["humidity"] == derived["outHumidity"]
    assert heard["pressure"] == round(derived["barometer_inHg"] * 33.8639, 2)
    assert heard["wind_speed"] == round(derived["windSpeed_mph"] * 0.44704, 2)
    assert heard["wind_direction"] == derived["windDir_deg"]
    assert not {"uv", "solar"} & set(heard)


def test_the_rain_of_the_day_is_told_as_differences_over_midnight() -> None:
    driver = load("davis")()
    told = []
    for clicks in (120, 120, 131, 4):
        packet = bytearray(sound("davis")[0].data[1:])
        packet[50:52] = clicks.to_bytes(2, "little")
        packet[97:99] = crc16_xmodem(bytes(packet[:97])).to_bytes(2, "big")
        driver.poll()
        (said,) = driver.feed(b"\x06" + bytes(packet))
        told.append(said.values.get("rain"))
    assert told == [None, 0.0, 2.794, 1.016]
